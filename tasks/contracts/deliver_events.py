"""Frames of the hand-over: events to hand over, rendered messages, what the sender said, what follows from it."""

import dataframely as dy
import polars as pl

from tasks.contracts.enrich_events import NO_PROFILE, OPTED_OUT
from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import CHANNELS, KINDS, QUEUES

BATCH_STATES = ("confirmed", "returned")
"""How a claimed batch ends: the sender had it, or nothing of it left the house."""

MISSING_VARIABLE = "missing_variable"
RENDER_ERROR = "render_error"
NO_CONTENT = "no_content"
NO_ADDRESS = "no_address"
QUARANTINED = "quarantined"
TEMPLATE_UNPUBLISHED = "template_unpublished"
REPEATED = "repeated"
"""Why a message cannot be rendered; the first two go on with `: <what>`."""

NOTHING_LEFT = "the run ended before anything left"
"""Why a batch that a crashed run left claimed is returned."""
HAND_OVER_INTERRUPTED = "hand-over interrupted"
"""The reason of a message whose connection or process died between its last byte and the reply."""


class Deliverable(Frame):
    """An event with a delivery that no batch holds and whose next try is due."""

    event_id = dy.Int64(primary_key=True)
    delivery_id = dy.Int64()
    queue = dy.Enum(QUEUES)
    channel = dy.Enum(CHANNELS)


class ExpirableEvent(Frame):
    """An event not handed over whose expiry has passed."""

    event_id = dy.Int64(primary_key=True)
    change_seq = dy.Int64()  # of the row as read: compare-and-set


class DeliverableEvent(Frame):
    """A deliverable event with all that its message needs."""

    event_id = dy.Int64(primary_key=True)
    event_key = dy.String()
    delivery_id = dy.Int64()
    queue = dy.String()
    event_type = dy.String()
    channel = dy.Enum(CHANNELS)
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    language = dy.String(nullable=True)
    country = dy.String(nullable=True)
    external_id = dy.String(nullable=True)
    origin = dy.String(nullable=True)
    created_at = dy.Datetime(time_unit="us", time_zone="UTC")
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    error_count = dy.Int32(min=0)
    ctx = dy.String()


class AlikeEvent(Frame):
    """An event of a round, or one like it that went out; equal likeness is equal type, channel, address and data."""

    event_id = dy.Int64(primary_key=True)
    likeness = dy.UInt64()
    created_at = dy.Datetime(time_unit="us", time_zone="UTC")
    is_waiting = dy.Bool()


class MessageTemplate(Frame):
    """The texts of the template version that a delivery uses."""

    delivery_id = dy.Int64(primary_key=True)
    template_id = dy.String()
    version = dy.Int32()
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)
    sender = dy.String(nullable=True)


class RenderedMessage(Frame):
    """A message as its template made it, or why it could not."""

    event_id = dy.Int64(primary_key=True)
    event_key = dy.String()
    delivery_id = dy.Int64()
    channel = dy.Enum(CHANNELS)
    recipient = dy.String(nullable=True)
    sender = dy.String(nullable=True)
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)
    problem = dy.String(nullable=True)  # null: the message can go


class Message(Frame):
    """One rendered message, claimed by a batch and ready for a sender (also the columns of an outbox file)."""

    event_id = dy.Int64(primary_key=True)
    event_key = dy.String()
    delivery_id = dy.Int64()
    batch_id = dy.String()
    channel = dy.Enum(CHANNELS)
    recipient = dy.String()
    sender = dy.String(nullable=True)  # null: the account's
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)


OUTCOMES = ("taken", "deferred", "refused", "unsure")


class HandOver(Frame):
    """What a sender learnt of each message of a batch.

    `outcome` is `taken` (the other side has it), `deferred` (not taken, to be tried again),
    `refused` (not taken, for good) or `unsure` (a crash came between: never sent again).
    """

    event_id = dy.Int64(primary_key=True)
    outcome = dy.Enum(OUTCOMES)
    kind = dy.Enum(KINDS, nullable=True)  # null: nothing to write to the delivery log
    reason = dy.String(nullable=True)
    provider_message_id = dy.String(nullable=True)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")


class ClaimedBatch(Frame):
    """A batch that is claimed and not settled."""

    batch_id = dy.String(primary_key=True)
    sender = dy.String()


class HeldEvent(Frame):
    """An event that a claimed batch holds."""

    event_id = dy.Int64(primary_key=True)
    batch_id = dy.String()


class BatchEnding(Frame):
    """How a claimed batch ends."""

    batch_id = dy.String(primary_key=True)
    state = dy.Enum(BATCH_STATES)
    reason = dy.String(nullable=True)  # of a returned batch


class ClaimedEvent(Frame):
    """What settling a batch needs of an event that the batch holds."""

    event_id = dy.Int64(primary_key=True)
    batch_id = dy.String()
    delivery_id = dy.Int64()
    channel = dy.Enum(CHANNELS)
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    error_count = dy.Int32(min=0)


class NextTry(Frame):
    """What becomes of an event whose message was not taken."""

    event_id = dy.Int64(primary_key=True)
    error_count = dy.Int32(min=1)  # the new one; the row must still hold one less: compare-and-set
    status = dy.Enum(["pending_delivery", "expired"])
    reason = dy.String(nullable=True)
    next_try_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")  # null: none


class HandOverLog(Frame):
    """A delivery-log row of the hand-over itself."""

    event_id = dy.Int64()
    delivery_id = dy.Int64()
    recipient = dy.String(nullable=True)  # lower case
    kind = dy.Enum(KINDS)
    rank = dy.Int16(nullable=True)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")
    reason = dy.String(nullable=True)
    provider = dy.String(nullable=True)
    provider_message_id = dy.String(nullable=True)
    source_id = dy.String()  # the batch


def is_held_back() -> pl.Expr:
    """Whether a message's `problem` is that nothing may be sent."""
    return pl.col("problem").str.contains(
        f"^(?:{QUARANTINED}|{TEMPLATE_UNPUBLISHED}|{REPEATED}|{OPTED_OUT}|{NO_PROFILE})"
    )
