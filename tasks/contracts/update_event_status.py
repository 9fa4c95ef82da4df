"""Frames of the status join."""

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import KINDS, STATUSES


class LogOutcome(Frame):
    """A delivery-log row of an event that has a delivery, as the status join reads it."""

    event_id = dy.Int64()
    kind = dy.Enum(KINDS)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")
    reason = dy.String(nullable=True)


class HandedOverEvent(Frame):
    """What the status join reads of an event."""

    event_id = dy.Int64(primary_key=True)
    status = dy.Enum(STATUSES)
    reason = dy.String(nullable=True)
    processed_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    change_seq = dy.Int64()


class StatusChange(Frame):
    """A status that differs from the stored one."""

    event_id = dy.Int64(primary_key=True)
    change_seq = dy.Int64()  # of the row the change was computed on: compare-and-set
    status = dy.Enum(STATUSES)
    reason = dy.String(nullable=True)
    processed_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
