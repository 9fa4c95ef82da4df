"""What tables and columns of the archive mean: comments in the published database, and a page of the documentation."""

from typing import Final, NamedTuple

from tasks.contracts.vocabulary import KINDS, STATUSES


class TableWords(NamedTuple):
    """A table, and its columns but for those that all tables have."""

    is_a_row: str
    """What a row is."""
    columns: dict[str, str]


COMMON: Final = {
    "account": "execution account that the row comes from",
    "change_seq": "number of the change that made the row what it is, within its account's store",
}
DICTIONARY: Final[dict[str, TableWords]] = {
    "event": TableWords(
        "an event, with its latest status",
        {
            "event_id": "global id: the account's cell * 2^56 + a number",
            "event_key": "what an event is known by: its sender's id, or a hash of its content",
            "parent_event_id": "the event in whose place this one was made, by a replay or by recycling",
            "queue": "batch, or rt: real time",
            "event_type": "what happened; templates are for a type",
            "channel": "email, sms, ios, android",
            "email": "mail address",
            "mobile_phone": "phone number",
            "registration_token": "address of an app on a device",
            "language": "of the person, as fr or fr-CA",
            "country": "of the person",
            "external_id": "the sender's own key of the person",
            "origin": "the system that sent it",
            "ctx": "the data that templates use",
            "created_at": "when it happened, by its sender; else when it was received",
            "received_at": "when it entered the queue",
            "scheduled_at": "not to be sent before",
            "expires_at": "not to be sent after",
            "status": ", ".join(STATUSES),
            "reason": "why it has that status",
            "error_count": "tries that failed",
            "next_try_at": "when it is tried next",
            "template_id": "the template that won",
            "template_version": "its version",
            "delivery_id": "the delivery that it went to",
            "processing_at": "when it was routed",
            "processed_at": "when it got its final status",
            "source_file": "the file that brought it",
        },
    ),
    "delivery": TableWords(
        "the messages of one template version, queue and month",
        {
            "delivery_id": "its id, of the account's cell as an event's",
            "label": "what people call it",
            "event_type": "of its events",
            "channel": "of its messages",
            "queue": "of its events",
            "template_id": "its template",
            "template_version": "the version of it",
            "month": "first day of the month",
            "state": "open, closed",
            "created_at": "when its first event was routed",
        },
    ),
    "delivery_log": TableWords(
        "a statement of a provider or sender about a message",
        {
            "log_key": "what a statement is known by: it is stored once",
            "event_id": "the event of the message; null while it is not known",
            "delivery_id": "its delivery",
            "recipient": "address, in small letters",
            "kind": ", ".join(KINDS),
            "rank": "the highest of an event's decides on its status",
            "logged_at": "when it happened, by the provider",
            "reason": "what the provider said",
            "provider": "who says it",
            "provider_message_id": "the provider's id of the message",
            "source_id": "the provider's id of the statement",
            "url": "the link that was clicked",
            "user_agent": "what it was opened or clicked with",
            "applied": "whether it has had its effect",
            "received_at": "when it was taken in",
        },
    ),
    "log_message": TableWords(
        "a text that providers gave as a reason, without addresses and numbers",
        {
            "message_key": "of kind and text",
            "kind": "of the statements that it came with",
            "text": "the text",
            "provider": "who said it first",
            "first_logged_at": "when that was",
        },
    ),
    "tracking_url": TableWords(
        "a link of a delivery that was clicked",
        {
            "url_id": "its id",
            "delivery_id": "the delivery",
            "url": "the link",
            "label": "not used yet",
            "category": "not used yet",
        },
    ),
    "tracking_log": TableWords(
        "an open or a click",
        {
            "tracking_key": "the log_key of its statement",
            "event_id": "the event of the message",
            "delivery_id": "its delivery",
            "url_id": "the link that was clicked",
            "kind": "opened, clicked",
            "logged_at": "when",
            "user_agent": "with what",
        },
    ),
    "quarantine": TableWords(
        "an address that bounced for good or complained: nothing is sent to it",
        {
            "channel": "of the address",
            "address": "in small letters",
            "kind": "bounced, complained",
            "reason": "what the provider said",
            "event_id": "the event whose message it was",
            "quarantined_at": "since when",
            "released_at": "when it was released, and may be used again",
        },
    ),
    "template": TableWords(
        "a version of a template",
        {
            "template_id": "its name",
            "version": "its number",
            "event_type": "the events that it is for",
            "channel": "the channel that it is for",
            "queue": "the queue that it is for; null: both",
            "language": "the language that it is for; null: any",
            "priority": "the higher one wins",
            "condition": "what must hold of an event",
            "published_at": "from when on it counts",
            "unpublished_at": "until when",
            "paused": "whether its events wait",
            "subject": "of mails",
            "body_text": "the text",
            "body_html": "the same as HTML",
            "sender": "who mails are from",
        },
    ),
    "queue_sample": TableWords(
        "how many events waited, every five minutes of activity",
        {
            "sampled_at": "start of the five minutes",
            "queue": "batch, rt",
            "pending": "events not routed",
            "pending_delivery": "events routed, without a final status",
        },
    ),
    "rejected_event": TableWords(
        "a row that could not be an event",
        {
            "source_file": "the file that it was in",
            "content_hash": "SHA-256 of that file",
            "queue": "whose inbox it came to",
            "line": "where in the file",
            "reason": "why it is none",
            "detail": "what exactly is wrong",
            "raw": "the row as it came",
            "rejected_at": "when",
        },
    ),
    "rejected_delivery_log": TableWords(
        "a row that could not be a delivery-log row",
        {
            "source_file": "the file that it was in",
            "content_hash": "SHA-256 of that file",
            "line": "where in the file",
            "reason": "why it is none",
            "detail": "what exactly is wrong",
            "raw": "the row as it came",
            "rejected_at": "when",
        },
    ),
    "ingested_file": TableWords(
        "a file that was taken in",
        {
            "content_hash": "SHA-256 of the file: it is taken in once",
            "content": "event, delivery_log",
            "queue": "of its events",
            "source_file": "its name",
            "format": "what it was read as",
            "rows": "rows in it: accepted, duplicates and rejected together",
            "accepted": "rows that became events, or were stored",
            "duplicates": "rows that were there already",
            "rejected": "rows that could not be read",
            "ingested_at": "when",
        },
    ),
}


INTRODUCTION: Final = """# Data dictionary

The tables of the archive, as `published/control.duckdb` has them; the same words are the comments on its tables and
columns (`from duckdb_columns()`). Rendered from `tasks/contracts/dictionary.py` by `python -m deployments.render`.
Instants are `TIMESTAMPTZ` in UTC. Every table has {}.
"""


def dictionary_page() -> str:
    """The page of the documentation."""
    common = " and ".join(f"`{name}` ({words})" for name, words in COMMON.items())
    parts = [INTRODUCTION.format(common)]
    for table, (is_a_row, columns) in DICTIONARY.items():
        rows = "\n".join(f"| `{name}` | {words} |" for name, words in columns.items())
        parts.append(f"## `{table}`\n\nA row is {is_a_row}.\n\n| column | |\n|---|---|\n{rows}\n")
    return "\n".join(parts)
