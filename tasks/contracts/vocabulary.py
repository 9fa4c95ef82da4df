"""The words every part of the system shares: statuses, channels, queues, kinds, reasons."""

from typing import Final, Literal

Status = Literal[
    "pending", "pending_delivery", "sent", "ignored", "delivery_failed", "not_taken_into_account", "expired"
]
STATUS_LABELS: Final[dict[Status, str]] = {
    "pending": "Pending",
    "pending_delivery": "Pending delivery",
    "sent": "Sent",
    "ignored": "Ignored by the delivery",
    "delivery_failed": "Delivery failed",
    "not_taken_into_account": "Event not taken into account",
    "expired": "Event expired",
}
STATUSES: Final[tuple[Status, ...]] = tuple(STATUS_LABELS)
HANDED_OVER_STATUSES: Final[tuple[Status, ...]] = ("pending_delivery", "sent", "ignored", "delivery_failed")
"""Statuses that a delivery log may set or replace: the event has a delivery."""

Queue = Literal["batch", "rt"]
QUEUES: Final[tuple[Queue, ...]] = ("batch", "rt")

Channel = Literal["email", "sms", "ios", "android"]
CHANNELS: Final[tuple[Channel, ...]] = ("email", "sms", "ios", "android")
CHANNEL_NUMBERS: Final[dict[str, Channel]] = {"0": "email", "1": "sms", "41": "ios", "42": "android"}
"""Message Center's `wishedChannel` numbers."""
CHANNEL_ADDRESS: Final[dict[Channel, str]] = {
    "email": "email",
    "sms": "mobile_phone",
    "ios": "registration_token",
    "android": "registration_token",
}

Kind = Literal[
    "queued", "accepted", "deferred", "delivered", "opened", "clicked", "complained", "unsubscribed",
    "suppressed", "rejected", "soft_bounced", "bounced", "failed", "autoresponded", "unknown",
]  # fmt: skip
KINDS: Final[tuple[Kind, ...]] = (
    "queued", "accepted", "deferred", "delivered", "opened", "clicked", "complained", "unsubscribed",
    "suppressed", "rejected", "soft_bounced", "bounced", "failed", "autoresponded", "unknown",
)  # fmt: skip

REJECT_REASONS: Final = (
    "unparseable",
    "no_type",
    "unknown_channel",
    "no_address",
    "malformed_address",
    "ctx_not_an_object",
    "ctx_too_large",
    "impossible_date",
)
"""Why a row is not an event, the most telling first: a row is rejected for the first that holds."""

ROUTING_REASONS: Final = (
    "unknown_event_type",
    "no_template_for_channel",
    "no_template_for_queue",
    "template_not_published",
    "no_template_for_language",
    "condition_not_met",
)
"""Why no template was found, the least specific first (design 3.2)."""

TEMPLATE_PAUSED: Final = "template_paused"
EXPIRATION_PASSED: Final = "expiration_passed"
TRIES_USED_UP: Final = "tries_used_up"

CTX_MAX_BYTES: Final = 131_072
"""A `ctx` longer than this is not the data of one message."""
CTX_MAX_DEPTH: Final = 500
"""A `ctx` of more levels could be read by hardly any of those it goes to."""
CELL_SIZE: Final = 2**56
"""Ids per cell: `event_id = cell_id * CELL_SIZE + local id` (Message Center's global id)."""
MAX_CELL_ID: Final = 127
"""The largest cell whose ids fit a signed 64-bit integer."""

EVENT_FIELDS: Final = (
    "id", "type", "email", "mobilePhone", "mobile_phone", "mobilephone", "registrationToken", "registration_token",
    "registrationtoken", "wishedChannel", "wished_channel", "wishedchannel", "language", "country", "externalId",
    "external_id", "externalid", "origin", "created", "scheduled", "expiration", "ctx",
)  # fmt: skip
"""The fields of an event, in every spelling read; any other field is kept inside `ctx`."""
ENVELOPE_FIELDS: Final = (
    *EVENT_FIELDS, "specversion", "source", "time", "datacontenttype", "dataschema", "data", "data_base64",
)  # fmt: skip
"""The same for a CloudEvents envelope, whose own attributes are not data of the event."""
