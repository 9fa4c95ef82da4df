"""Events that repeat one that goes out: a source that sends the same twice is heard once."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import REPEATED, AlikeEvent
from tasks.contracts.enrich_events import HeldBackEvent

_KEY = ["likeness", "created_at", "event_id"]


def repeated(alike: dy.DataFrame[AlikeEvent], /, *, window: timedelta) -> dy.DataFrame[HeldBackEvent]:
    """The waiting events that come within a window of one like them that goes out, or went out before.

    Of those like each other that wait the one created first goes out, and then the first one that the window of it is
    over for. So a source that repeats itself for ever is heard once in a window.

    Args:
        alike: Waiting events, and those like them that went out.
        window: How long an event keeps those like it from going out.
    """
    went_out = alike.filter(~pl.col("is_waiting"))
    rest = _apart_from(alike.filter("is_waiting").sort(_KEY), went_out, window)
    kept = [went_out.clear()]
    while rest.height:
        kept.append(rest.unique("likeness", keep="first", maintain_order=True))
        rest = _apart_from(rest, kept[-1], window)
    held = alike.filter("is_waiting").join(pl.concat(kept), on="event_id", how="anti")
    return HeldBackEvent.validate(held.select("event_id", reason=pl.lit(REPEATED)))


def _apart_from(waiting: pl.DataFrame, others: pl.DataFrame, window: timedelta) -> pl.DataFrame:
    """The waiting events that no other of their likeness is near."""
    pairs = waiting.select("event_id", "likeness", "created_at").join(
        others.select("likeness", other_at="created_at"), on="likeness"
    )
    near = pairs.filter((pl.col("created_at") - pl.col("other_at")).abs() < window)
    return waiting.join(near, on="event_id", how="anti", maintain_order="left")
