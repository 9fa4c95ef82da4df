"""Frames of the hand-over: events to hand over, rendered messages, what the sender said."""

import dataframely as dy

from tasks.contracts.vocabulary import CHANNELS, KINDS


class DeliverableEvent(dy.Schema):
    """An event with a delivery that no batch has claimed yet, with all that its message needs."""

    event_id = dy.Int64(primary_key=True)
    delivery_id = dy.Int64()
    template_id = dy.String()
    template_version = dy.Int32()
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


class Message(dy.Schema):
    """One rendered message, ready for a sender (also the columns of an outbox file)."""

    event_id = dy.Int64(primary_key=True)
    delivery_id = dy.Int64()
    batch_id = dy.String()
    channel = dy.Enum(CHANNELS)
    recipient = dy.String()
    sender = dy.String(nullable=True)
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)


class HandOver(dy.Schema):
    """What a sender learnt of each message of a batch.

    `outcome` is `taken` (the other side has it), `deferred` (not taken, to be tried again),
    `refused` (not taken, for good) or `unsure` (a crash came between: never sent again).
    """

    event_id = dy.Int64(primary_key=True)
    outcome = dy.Enum(["taken", "deferred", "refused", "unsure"])
    kind = dy.Enum(KINDS, nullable=True)  # null: nothing to write to the delivery log
    reason = dy.String(nullable=True)
    provider_message_id = dy.String(nullable=True)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")
