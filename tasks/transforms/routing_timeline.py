"""Which templates an event may win, worked out once per distinct situation instead of once per event."""

from typing import NamedTuple

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import RoutingTemplate
from tasks.contracts.route_events import Candidate, EventSituation

KEY = ("queue", "event_type", "channel", "language")
BEST_FIRST = {"priority": True, "language_length": True, "published_at": True, "version": True, "template_id": False}
"""Order of candidates, with whether more is better (design 3.2)."""


class Timeline(NamedTuple):
    """The situations of events, and what can be won in each."""

    events: dy.DataFrame[EventSituation]
    candidates: dy.DataFrame[Candidate]


def timeline(events: pl.DataFrame, templates: dy.DataFrame[RoutingTemplate], /) -> Timeline:
    """Resolves events against templates per distinct key and interval of publication.

    Args:
        events: `event_id`, `queue`, `event_type`, `channel`, `language` and `at`, the instant (UTC) as of
            which the event is to be routed.
        templates: All versions of all templates.
    """
    versions = in_force(templates)
    keyed = events.select("event_id", *KEY[:-1], language_tag(pl.col("language")), "at").with_columns(
        pl.col("queue", "channel").cast(pl.String)
    )
    dated = keyed.join(_interval_starts(keyed, versions), on=["event_type", "channel", "at"], how="left")
    situations = dated.select(*KEY, "since").unique().with_row_index("situation")
    located = dated.join(situations, on=[*KEY, "since"], how="left", nulls_equal=True)
    return Timeline(
        EventSituation.validate(located.select("event_id", "event_type", "situation")),
        Candidate.validate(_candidates(situations, versions), cast=True),
    )


def in_force(templates: dy.DataFrame[RoutingTemplate], /) -> pl.DataFrame:
    """Adds `valid_from` and `valid_until` (UTC, null: open): when a version is its template's published one.

    A version is in force from its publication until the next one's, or until it is unpublished. Versions
    never in force stay, with an empty interval: they tell that a template exists at other times.
    """
    return (
        templates.with_columns(
            pl.col("queue", "channel").cast(pl.String), language_tag(pl.col("language")).alias("language")
        )
        .sort("template_id", "published_at", "version")
        .with_columns(pl.col("published_at").shift(-1).over("template_id").alias("superseded_at"))
        .with_columns(
            pl.col("published_at").alias("valid_from"),
            pl.min_horizontal("superseded_at", "unpublished_at").alias("valid_until"),
        )
    )


def language_tag(language: pl.Expr) -> pl.Expr:
    """A language as compared: case-folded, `_` read as `-`; null where empty."""
    tag = language.str.to_lowercase().str.replace_all("_", "-", literal=True)
    return pl.when(tag != "").then(tag)


def _interval_starts(keyed: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """For each (event_type, channel, at): `since`, the last change of the templates in force; null before the first."""
    asked = keyed.select("event_type", "channel", "at").unique().sort("at")
    changes = pl.concat(
        versions.select("event_type", "channel", pl.col(column).alias("since"))
        for column in ("valid_from", "valid_until")
    )
    starts = changes.drop_nulls("since").unique().sort("since")
    return asked.join_asof(
        starts.with_columns(pl.col("since").alias("at")),
        on="at",
        by=["event_type", "channel"],
        strategy="backward",
        check_sortedness=False,
    )


def _candidates(situations: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """Fitting templates best first, down to the first without a condition, then the reason if none is left."""
    related = situations.join(versions, on=["event_type", "channel"], suffix="_wanted").filter(
        pl.col("queue_wanted").is_null() | (pl.col("queue_wanted") == pl.col("queue"))
    )
    current = related.filter(
        pl.col("valid_from") <= pl.col("since"),
        pl.col("valid_until").is_null() | (pl.col("valid_until") > pl.col("since")),
    )
    fitting = current.filter(language_fits()).with_columns(
        pl.col("language_wanted").str.len_chars().fill_null(0).alias("language_length")
    )
    ranked = fitting.sort("situation", *BEST_FIRST, descending=[False, *BEST_FIRST.values()])
    reachable = ranked.filter(
        pl.col("condition").is_null().cast(pl.UInt32).cum_sum().over("situation")
        - pl.col("condition").is_null().cast(pl.UInt32)
        == 0
    ).select(
        "situation",
        pl.int_range(pl.len(), dtype=pl.UInt32).over("situation").alias("position"),
        "condition",
        "template_id",
        pl.col("version").alias("template_version"),
        "paused",
        pl.lit(None, dtype=pl.String).alias("reason"),
    )
    settled = reachable.filter(pl.col("condition").is_null()).select("situation")
    reasons = _reasons(situations.join(settled, on="situation", how="anti"), versions, related, current, fitting)
    return pl.concat([reachable, reasons], how="diagonal")


def language_fits() -> pl.Expr:
    """The template's language is null or a prefix, by subtags, of the event's."""
    wanted, given = pl.col("language_wanted"), pl.col("language")
    return (
        wanted.is_null()
        | (given == wanted).fill_null(value=False)
        | (given.str.starts_with(wanted + "-").fill_null(value=False))
    )


def _reasons(
    open_ended: pl.DataFrame,
    versions: pl.DataFrame,
    related: pl.DataFrame,
    current: pl.DataFrame,
    fitting: pl.DataFrame,
) -> pl.DataFrame:
    """The most specific reason for having no template, as the last row of each open-ended situation."""

    def known(frame: pl.DataFrame, *columns: str) -> pl.Expr:
        seen = frame.select(pl.struct(columns).unique()).to_series()
        return pl.struct(columns).is_in(seen.implode())

    reason = (
        pl.when(known(fitting, "situation"))
        .then(pl.lit("condition_not_met"))
        .when(known(current, "situation"))
        .then(pl.lit("no_template_for_language"))
        .when(known(related, "situation"))
        .then(pl.lit("template_not_published"))
        .when(known(versions, "event_type", "channel"))
        .then(pl.lit("no_template_for_queue"))
        .when(known(versions, "event_type"))
        .then(pl.lit("no_template_for_channel"))
        .otherwise(pl.lit("unknown_event_type"))
    )
    return open_ended.select(
        "situation", pl.UInt32.max().alias("position"), pl.lit(value=False).alias("paused"), reason.alias("reason")
    )
