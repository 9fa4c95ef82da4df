"""Events joined to a reference table: a person's row becomes `ctx.profile`."""

from typing import NamedTuple

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import DeliverableEvent
from tasks.contracts.enrich_events import NO_PROFILE, OPTED_OUT, PROFILE, Enrichment, HeldBackEvent


class Enriched(NamedTuple):
    """Events as their messages are made of them, and those that get none."""

    events: dy.DataFrame[DeliverableEvent]
    held_back: dy.DataFrame[HeldBackEvent]


def event_keys(events: dy.DataFrame[DeliverableEvent], rule: Enrichment, /) -> pl.Series:
    """The keys by which events are looked for, each once."""
    return events.select(_key(rule.event_key).alias("key"))["key"].drop_nulls().unique()


def joined(events: dy.DataFrame[DeliverableEvent], reference: pl.DataFrame, rule: Enrichment, /) -> Enriched:
    """Events with the row of their person.

    Args:
        events: The events.
        reference: The rows of their keys, the key as text.
        rule: How they are joined. Of several rows of a key the first counts. Where there is none, `profile` has the
            same names without values, or the event is held back. An event's own `profile` stays.
    """
    names = list(rule.columns) or [name for name in reference.columns if name not in {rule.key, rule.opt_out}]
    is_out = pl.col(rule.opt_out).cast(pl.Boolean).fill_null(value=False) if rule.opt_out else pl.lit(value=False)
    profile = pl.struct(names).struct.json_encode() if names else pl.lit("{}")
    rows = reference.select(_key(rule.key).alias("key"), profile.alias(PROFILE), is_out.alias("is_out"))
    persons = rows.drop_nulls("key").unique("key", keep="first", maintain_order=True)
    found = events.with_columns(_key(rule.event_key).alias("key")).join(
        persons, on="key", how="left", maintain_order="left"
    )
    empty = "{" + ",".join(f'"{name}":null' for name in names) + "}"
    told = found.with_columns(ctx=_with_profile(pl.col(PROFILE).fill_null(empty)))
    reason = (
        pl.when(pl.col("is_out"))
        .then(pl.lit(OPTED_OUT))
        .when(pl.col(PROFILE).is_null() & pl.lit(rule.missing == "ignore"))
        .then(pl.lit(NO_PROFILE))
    )
    held_back = found.select("event_id", reason.alias("reason")).drop_nulls("reason")
    return Enriched(
        DeliverableEvent.validate(told.select(DeliverableEvent.column_names())), HeldBackEvent.validate(held_back)
    )


def _key(column: str) -> pl.Expr:
    """Addresses are the same in capitals or not."""
    return pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase()


def _with_profile(profile: pl.Expr) -> pl.Expr:
    """Of equal names in `ctx` the first counts: the event's own."""
    ctx = pl.col("ctx").str.strip_chars()
    member = pl.concat_str(pl.lit(f'"{PROFILE}":'), profile, pl.lit("}"))
    is_empty = ctx.str.contains(r"^\{\s*\}$")
    return (
        pl.when(is_empty)
        .then(pl.concat_str(pl.lit("{"), member))
        .otherwise(pl.concat_str(ctx.str.strip_suffix("}"), pl.lit(","), member))
    )
