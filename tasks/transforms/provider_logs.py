"""From the texts of providers' payloads to the fields of delivery-log rows."""

from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.contracts.provider_logs import Paths, ProviderFormat

_ID = r"^\s*(\d{1,19})\s*$"
_ID_INSIDE = r'"event_id"\s*:\s*"?(\d{1,19})\b'
_HEADER = r'(?i)"name"\s*:\s*"X-Event-ID"\s*,\s*"value"\s*:\s*"\s*(\d{1,19})\s*"'
_SECONDS, _MILLISECONDS = r"^(\d{9,10}(?:\.\d+)?)$", r"^(\d{12,13})$"
IGNORED = "ignored"
"""In place of a kind: the payload is no delivery-log row."""


def provider_fields(texts: pl.DataFrame, known: ProviderFormat, /, *, received_at: datetime) -> dy.DataFrame[LogFields]:
    """The fields of log rows.

    Args:
        texts: `line`, `raw`, and a column of texts for each path of the format.
        known: The format.
        received_at: For rows without a time of their own.
    """
    fields = texts.select(
        "line",
        "raw",
        problem=pl.lit(None, pl.String),
        event_id=_event_id(known),
        provider_message_id=_message_id(known),
        recipient=_first(known.recipient),
        kind=_kind(known),
        logged_at=pl.coalesce(_written(_first(known.logged_at)), pl.lit(received_at.isoformat())),
        reason=_reason(known),
        provider=pl.lit(known.name),
        source_id=_first(known.source_id),
        url=_first(known.url),
        user_agent=_first(known.user_agent),
    )
    named = fields.with_columns(pl.col("kind").fill_null("unknown"))
    return LogFields.validate(named.filter(pl.col("kind") != IGNORED))


def _first(paths: Paths) -> pl.Expr:
    """The first of the texts that is not empty."""
    filled = [pl.when(pl.col(path).str.strip_chars() != "").then(pl.col(path)) for path in paths]
    return pl.coalesce(*filled, pl.lit(None, pl.String))


def _kind(known: ProviderFormat) -> pl.Expr:
    """By all words that say what happened, else by all but the last of them, and so on; null where none is known."""
    kinds = {words: kind or IGNORED for words, kind in known.kinds.items()}
    words = [_first(paths).str.strip_chars().str.to_lowercase() for paths in known.kind]
    asked = [pl.concat_str(words[:count], separator="/", ignore_nulls=True) for count in range(len(words), 0, -1)]
    return pl.coalesce(text.replace_strict(kinds, default=None, return_dtype=pl.String) for text in asked)


def _reason(known: ProviderFormat) -> pl.Expr:
    """What the provider tells; of a kind that nobody knows, its own word for it."""
    told = _first(known.reason)
    return pl.when(_kind(known).is_null()).then(pl.coalesce(_first(known.kind[0]), told)).otherwise(told)


def _event_id(known: ProviderFormat) -> pl.Expr:
    told = [pl.col(path).str.extract(pattern) for path in known.event_id for pattern in (_ID, _ID_INSIDE)]
    told += [pl.col(path).str.extract(_HEADER) for path in known.headers]
    return pl.coalesce(*told, pl.lit(None, pl.String))


def _message_id(known: ProviderFormat) -> pl.Expr:
    whole = _first(known.message_id)
    return pl.coalesce(whole.str.extract(known.message_id_part), whole) if known.message_id_part else whole


def _written(text: pl.Expr) -> pl.Expr:
    """Seconds and milliseconds since 1970 as ISO 8601; any other text as it is."""
    seconds = text.str.extract(_SECONDS).cast(pl.Float64, strict=False)
    milliseconds = text.str.extract(_MILLISECONDS).cast(pl.Float64, strict=False)
    since = pl.coalesce(seconds * 1e6, milliseconds * 1e3).round().cast(pl.Int64, strict=False)
    return pl.coalesce(pl.from_epoch(since, "us").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"), text)
