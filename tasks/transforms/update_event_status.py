"""The status join: of all that logs say of an event, the highest-ranked kind decides, whatever the order of arrival."""

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import StatusRule
from tasks.contracts.update_event_status import HandedOverEvent, LogOutcome, StatusChange
from tasks.contracts.vocabulary import HANDED_OVER_STATUSES


def status_changes(
    events: dy.DataFrame[HandedOverEvent],
    outcomes: dy.DataFrame[LogOutcome],
    rules: dy.DataFrame[StatusRule],
    /,
) -> dy.DataFrame[StatusChange]:
    """The events whose status, reason or instant differs from what their logs say (design 3.4).

    Args:
        events: Events that have a delivery.
        outcomes: All log rows of these events, in any order, any number of times.
        rules: The account's policy.
    """
    decided = deciding_rows(outcomes, rules)
    is_final = pl.col("status_said") != "pending_delivery"
    said = events.filter(pl.col("status").is_in(HANDED_OVER_STATUSES)).join(decided, on="event_id")
    news = said.with_columns(pl.when(is_final).then("logged_at").alias("processed_at_said")).filter(
        pl.col("status").ne_missing(pl.col("status_said"))
        | pl.col("reason").ne_missing(pl.col("reason_said"))
        | pl.col("processed_at").ne_missing(pl.col("processed_at_said"))
    )
    return StatusChange.validate(
        news.select(
            "event_id",
            "change_seq",
            pl.col("status_said").alias("status"),
            pl.col("reason_said").alias("reason"),
            pl.col("processed_at_said").alias("processed_at"),
        ).sort("event_id")
    )


def deciding_rows(outcomes: dy.DataFrame[LogOutcome], rules: dy.DataFrame[StatusRule], /) -> pl.DataFrame:
    """Per event, the log row that decides: `event_id`, `status_said`, `reason_said`, `logged_at` (UTC).

    Higher ranks win, of equal ranks the earliest instant. Rows that still tie are told apart by the
    product's rank, by kind and by text, so that the order of arrival never matters.
    """
    ranked = outcomes.join(rules.filter(pl.col("rank").is_not_null()), on="kind").sort(
        "event_id",
        "rank",
        "logged_at",
        "severity",
        pl.col("kind").cast(pl.String),
        "reason",
        descending=[False, True, False, True, False, False],
        nulls_last=True,
    )
    first = ranked.unique("event_id", keep="first", maintain_order=True)
    return first.select(
        "event_id", pl.col("status").alias("status_said"), pl.col("reason").alias("reason_said"), "logged_at"
    )
