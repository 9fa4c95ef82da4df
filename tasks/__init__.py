"""The stages of an event's life, one stem each through contracts, transforms, store, tasks and tests.

| stage                   | what it does                                                | sets the status            |
|-------------------------|-------------------------------------------------------------|----------------------------|
| `publish_templates`     | checks message templates, puts them into every account      |                            |
| `ingest_events`         | reads event files, keeps what is new, sets aside the rest   | pending                    |
| `route_events`          | finds each due event its template and its delivery          | pending delivery, expired, |
|                         |                                                             | not taken into account     |
| `deliver_events`        | renders messages, hands them to the account's sender        | expired                    |
| `collect_delivery_logs` | stores what providers say happened to each message          |                            |
| `update_event_status`   | joins logs to events                                        | sent, ignored, failed      |
| `archive_events`        | brings changes to the control store, proves and publishes   |                            |
"""
