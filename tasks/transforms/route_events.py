"""What becomes of pending events: expired, linked to a template, kept waiting, or not taken into account."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import RoutingTemplate
from tasks.contracts.route_events import Candidate, EventSituation, PendingEvent, RoutingDecision
from tasks.contracts.vocabulary import EXPIRATION_PASSED, TEMPLATE_PAUSED
from tasks.transforms.routing_timeline import Timeline, timeline


class Triage(NamedTuple):
    """Pending events at an instant, each in one of three parts."""

    expired: dy.DataFrame[PendingEvent]
    due: dy.DataFrame[PendingEvent]
    waiting: dy.DataFrame[PendingEvent]


def pending_among(events: dy.DataFrame[PendingEvent], event_ids: pl.Series, /) -> dy.DataFrame[PendingEvent]:
    """Those of the pending events that have one of the ids."""
    wanted = event_ids.rename("event_id").to_frame()
    return PendingEvent.cast(events.join(wanted, on="event_id", how="semi", maintain_order="left"))


def triage(events: dy.DataFrame[PendingEvent], /, *, now: datetime) -> Triage:
    """Tells events past their expiration, whatever their schedule, from those due and those that wait."""
    is_expired = pl.col("expires_at").is_not_null() & (pl.col("expires_at") <= now)
    is_due = pl.all_horizontal(
        pl.col(instant).is_null() | (pl.col(instant) <= now) for instant in ("scheduled_at", "next_try_at")
    )
    return Triage(
        PendingEvent.cast(events.filter(is_expired)),
        PendingEvent.cast(events.filter(~is_expired & is_due)),
        PendingEvent.cast(events.filter(~is_expired & ~is_due)),
    )


def routing_timeline(
    due: dy.DataFrame[PendingEvent], templates: dy.DataFrame[RoutingTemplate], /, *, at: datetime | None
) -> Timeline:
    """The candidates of due events as of `at` (UTC), or as of each event's own creation where it is None."""
    instant = pl.col("created_at") if at is None else pl.lit(at, dtype=pl.Datetime("us", "UTC"))
    return timeline(due.with_columns(instant.alias("at")), templates)


def events_with_conditions(found: Timeline, /) -> pl.Series:
    """Ids of the events of which some candidate asks a condition, ascending."""
    asking = found.candidates.filter(pl.col("condition").is_not_null()).select("situation").unique()
    return found.events.join(asking, on="situation", how="semi").get_column("event_id").sort()


def decide(parts: Triage, found: Timeline, holds: Mapping[str, pl.Series], /) -> dy.DataFrame[RoutingDecision]:
    """The decisions that change something.

    Args:
        parts: The pending events.
        found: The candidates of those that are due.
        holds: Per condition, the ids of the events for which it holds.
    """
    won = _winners(found.events, found.candidates, holds)
    due = parts.due.join(won, on="event_id", how="inner").with_columns(_status().alias("status"), _reason("reason_won"))
    news = due.filter((pl.col("status") != "pending") | pl.col("reason_won").ne_missing(pl.col("reason")))
    expired = parts.expired.select(
        "event_id",
        "change_seq",
        pl.lit("expired").alias("status"),
        pl.lit(EXPIRATION_PASSED).alias("reason"),
    )
    is_routed = pl.col("status") == "pending_delivery"
    routed = news.select(
        "event_id",
        "change_seq",
        "status",
        pl.col("reason_won").alias("reason"),
        pl.when(is_routed).then("template_id").alias("template_id"),
        pl.when(is_routed).then("template_version").alias("template_version"),
    )
    return RoutingDecision.validate(pl.concat([expired, routed], how="diagonal").sort("event_id"), cast=True)


def _winners(
    events: dy.DataFrame[EventSituation], candidates: dy.DataFrame[Candidate], holds: Mapping[str, pl.Series]
) -> pl.DataFrame:
    """The first candidate of each event whose condition, if any, holds."""
    met = pl.concat(
        [
            pl.DataFrame(schema={"event_id": pl.Int64, "condition": pl.String}),
            *(
                pl.DataFrame(
                    {"event_id": ids, "condition": condition}, schema={"event_id": pl.Int64, "condition": pl.String}
                )
                for condition, ids in holds.items()
            ),
        ]
    )
    offered = events.select("event_id", "situation").join(candidates, on="situation")
    without = offered.filter(pl.col("condition").is_null())
    with_condition = offered.filter(pl.col("condition").is_not_null()).join(
        met, on=["event_id", "condition"], how="semi"
    )
    best = without
    if with_condition.height:
        possible = pl.concat([without, with_condition]).sort("event_id", "position")
        best = possible.unique("event_id", keep="first", maintain_order=True)
    return best.select("event_id", "template_id", "template_version", "paused", pl.col("reason").alias("reason_found"))


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("template_id").is_null())
        .then(pl.lit("not_taken_into_account"))
        .when(pl.col("paused"))
        .then(pl.lit("pending"))
        .otherwise(pl.lit("pending_delivery"))
    )


def _reason(name: str) -> pl.Expr:
    paused = pl.col("template_id").is_not_null() & pl.col("paused")
    return pl.when(paused).then(pl.lit(TEMPLATE_PAUSED)).otherwise(pl.col("reason_found")).alias(name)
