"""The stages of an event's life, one stem each through contracts, transforms, store, tasks and tests.

| stage                   | what it does                                                     | status it sets              |
|-------------------------|------------------------------------------------------------------|-----------------------------|
| `publish_templates`     | checks message templates and puts them into every account        |                             |
| `ingest_events`         | reads event files, keeps what is new, sets aside what is no event | pending                     |
| `route_events`          | finds each due event its template and its delivery               | pending delivery, not taken into account, expired |
| `deliver_events`        | renders messages and hands them to the account's sender          | expired                     |
| `collect_delivery_logs` | stores what providers say happened to each message               |                             |
| `update_event_status`   | joins logs to events                                             | sent, ignored, delivery failed |
| `archive_events`        | brings an account's changes to the control store, and proves it  |                             |
"""
