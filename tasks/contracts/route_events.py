"""Frames of routing: pending events in, decisions out."""

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import CHANNELS, QUEUES


class PendingEvent(Frame):
    """What routing reads of a pending event. `ctx` is read only where a condition asks for it."""

    event_id = dy.Int64(primary_key=True)
    queue = dy.Enum(QUEUES)
    event_type = dy.String()
    channel = dy.Enum(CHANNELS)
    language = dy.String(nullable=True)
    reason = dy.String(nullable=True)
    created_at = dy.Datetime(time_unit="us", time_zone="UTC")
    scheduled_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    next_try_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    change_seq = dy.Int64()


class ConditionContext(Frame):
    """Event columns and `ctx` that template conditions may ask for."""

    event_id = dy.Int64(primary_key=True)
    queue = dy.String()
    event_type = dy.String()
    channel = dy.String()
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    language = dy.String(nullable=True)
    country = dy.String(nullable=True)
    external_id = dy.String(nullable=True)
    origin = dy.String(nullable=True)
    created_at = dy.Datetime(time_unit="us", time_zone="UTC")
    received_at = dy.Datetime(time_unit="us", time_zone="UTC")
    scheduled_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    ctx = dy.String()


class RoutingDecision(Frame):
    """What becomes of a pending event: a new status, or the same one with another reason."""

    event_id = dy.Int64(primary_key=True)
    change_seq = dy.Int64()  # of the row the decision was made on: compare-and-set
    status = dy.Enum(["pending", "pending_delivery", "not_taken_into_account", "expired"])
    reason = dy.String(nullable=True)
    template_id = dy.String(nullable=True)
    template_version = dy.Int32(nullable=True)


class Candidate(Frame):
    """What an event in a situation may win, best first: templates down to the first without a condition.

    A situation is a key (queue, type, channel, language) within one interval of publication. Its last row
    is final: a template without a condition, or the reason why there is none.
    """

    situation = dy.UInt32(primary_key=True)
    position = dy.UInt32(primary_key=True)  # 0 is tried first
    condition = dy.String(nullable=True)  # null: holds for every event
    template_id = dy.String(nullable=True)  # null: no template, for `reason`
    template_version = dy.Int32(nullable=True)
    paused = dy.Bool()
    reason = dy.String(nullable=True)


class EventSituation(Frame):
    """Which situation a due event is in."""

    event_id = dy.Int64(primary_key=True)
    event_type = dy.String()
    situation = dy.UInt32()
