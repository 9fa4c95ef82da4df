"""From the fields of received log rows to normalised delivery-log rows, each bad row with its reason."""

from typing import NamedTuple

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import (
    KIND_ALIASES,
    LOG_REJECT_REASONS,
    CandidateLogRow,
    DeliveryLogRow,
    LogFields,
)
from tasks.contracts.ingest_events import RejectedRow
from tasks.contracts.vocabulary import KINDS
from tasks.transforms.instants import instant

TEXT_FIELDS = (
    "event_id", "provider_message_id", "recipient", "kind", "logged_at", "reason", "provider", "source_id", "url",
    "user_agent",
)  # fmt: skip
BARE_ADDRESS = r"<([^<>]*)>\s*$"


class NormalisedLog(NamedTuple):
    """Rows that are delivery-log rows, and the others."""

    rows: dy.DataFrame[DeliveryLogRow]
    rejected: dy.DataFrame[RejectedRow]


def normalise_log(fields: dy.DataFrame[LogFields], /) -> NormalisedLog:
    """Types log rows: kinds in our vocabulary (others are `unknown`), bare lower-case recipients, instants in UTC."""
    typed = fields.with_columns(_text(name) for name in TEXT_FIELDS).with_columns(
        pl.col("event_id").str.to_integer(strict=False, dtype=pl.Int64).alias("number"),
        pl.coalesce(pl.col("recipient").str.extract(BARE_ADDRESS), "recipient").str.strip_chars().str.to_lowercase(),
        instant(pl.col("logged_at")).alias("logged_at"),
        pl.col("kind").str.to_lowercase().str.replace_all(r"[\s-]+", "_").replace(KIND_ALIASES),
    )
    candidates = typed.with_columns(
        (pl.col("event_id").is_null() | (pl.col("number") >= 0).fill_null(value=False)).alias("event_id_readable"),
        pl.col("number").alias("event_id"),
    ).select(CandidateLogRow.column_names())
    good, failure = CandidateLogRow.filter(candidates)
    broken_rules = failure.details()
    reason = pl.coalesce(pl.when(pl.col(reason) == "invalid").then(pl.lit(reason)) for reason in LOG_REJECT_REASONS)
    rejected = broken_rules.select("line", reason.alias("reason"), pl.col("problem").alias("detail"), "raw")
    return NormalisedLog(_named_kinds(good), RejectedRow.validate(rejected))


def _named_kinds(rows: dy.DataFrame[CandidateLogRow]) -> dy.DataFrame[DeliveryLogRow]:
    """Kinds outside the vocabulary become `unknown`; their own word is kept as the reason where there is none."""
    is_known = pl.col("kind").is_in(KINDS)
    named = rows.with_columns(
        pl.when(is_known).then("kind").otherwise(pl.lit("unknown")).alias("kind"),
        pl.coalesce("reason", pl.when(~is_known).then("kind")).alias("reason"),
    )
    return DeliveryLogRow.validate(named.select(DeliveryLogRow.column_names()), cast=True)


def _text(name: str) -> pl.Expr:
    cleaned = pl.col(name).str.strip_chars()
    return pl.when(cleaned != "").then(cleaned).alias(name)
