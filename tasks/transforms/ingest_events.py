"""From the fields of received rows to events, each row that cannot be one with its reason."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, cast

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import (
    AcceptedEvent,
    CandidateEvent,
    EventFields,
    FiledEvent,
    FiledRejection,
    GivenId,
    RejectedRow,
    RowPlace,
)
from tasks.contracts.vocabulary import CHANNEL_NUMBERS, REJECT_REASONS
from tasks.transforms.instants import instant

TEXT_FIELDS = (
    "event_key", "event_type", "email", "mobile_phone", "registration_token", "wished_channel", "language",
    "country", "external_id", "origin", "created", "scheduled", "expiration",
)  # fmt: skip
DATES = {"created": "created_at", "scheduled": "scheduled_at", "expiration": "expires_at"}
PHONE_PUNCTUATION = r"[\s().\-/]"


class Normalised(NamedTuple):
    """Rows that are events, with `event_key` and `created_at` still null where not given, and the others."""

    events: dy.DataFrame[CandidateEvent]
    rejected: dy.DataFrame[RejectedRow]


def normalise(fields: dy.DataFrame[EventFields], /) -> Normalised:
    """Types and cleans the fields of received rows and sets aside those that cannot be events."""
    found = candidates(fields)
    if CandidateEvent.is_valid(found):  # most often; to tell the rows apart takes twice the time
        return Normalised(cast("dy.DataFrame[CandidateEvent]", found), RejectedRow.create_empty())
    good, failure = CandidateEvent.filter(found)
    broken_rules = failure.details()
    reason = pl.coalesce(pl.when(pl.col(reason) == "invalid").then(pl.lit(reason)) for reason in REJECT_REASONS)
    rejected = broken_rules.select("line", reason.alias("reason"), pl.col("problem").alias("detail"), "raw")
    return Normalised(good, RejectedRow.validate(rejected))


def candidates(fields: dy.DataFrame[EventFields], /) -> pl.DataFrame:
    """The columns of `CandidateEvent`, whatever their worth: empty text is null, dates are instants (UTC)."""
    texts, dates, channel = _expressions()
    return fields.with_columns(texts).with_columns(dates).with_columns(channel).select(CandidateEvent.column_names())


@cache
def _expressions() -> tuple[list[pl.Expr], list[pl.Expr], list[pl.Expr]]:
    """To clean the texts, read the dates, tell the channel: made once, for that takes longer than a few rows do."""
    texts = [_text(name) for name in TEXT_FIELDS]
    dates = [instant(pl.col(given)).alias(column) for given, column in DATES.items()]
    dates.append(pl.col("mobile_phone").str.replace_all(PHONE_PUNCTUATION, ""))
    possible = [pl.col(given).is_null() | pl.col(column).is_not_null() for given, column in DATES.items()]
    return texts, dates, [_channel().alias("channel"), pl.all_horizontal(possible).alias("dates_possible")]


def accept(
    events: dy.DataFrame[CandidateEvent], content_keys: pl.DataFrame, /, *, received_at: datetime
) -> dy.DataFrame[AcceptedEvent]:
    """Completes valid events: the content key where the caller gave no id, the time of receipt where none was given.

    Args:
        events: Valid events.
        content_keys: `line` and `content_key` of the events without an id of their own.
        received_at: When they arrived.
    """
    keyed: pl.DataFrame = events
    if content_keys.height:
        joined = events.join(content_keys, on="line", how="left", maintain_order="left")
        keyed = joined.with_columns(pl.coalesce("event_key", "content_key").alias("event_key"))
    completed = keyed.with_columns(pl.col("created_at").fill_null(received_at))
    return AcceptedEvent.validate(completed.select(AcceptedEvent.column_names()), cast=True)


def first_of_each_key(events: dy.DataFrame[FiledEvent], /) -> dy.DataFrame[FiledEvent]:
    """Of events with one key, the first; the others are its duplicates."""
    return FiledEvent.cast(events.unique("event_key", keep="first", maintain_order=True))


def file_events(events: dy.DataFrame[AcceptedEvent], places: dy.DataFrame[RowPlace], /) -> pl.DataFrame:
    """The columns of `FiledEvent`, and `file_line`: the line within the event's file."""
    return events.join(places.select("line", "file", "file_line"), on="line", maintain_order="left")


def given_ids(placed: pl.DataFrame, ids: Sequence[range], /) -> dy.DataFrame[GivenId]:
    """The ids of events whose files came with ids: the n-th line of a file has the n-th of them.

    Args:
        placed: `file`, `file_line` and `event_key` of events.
        ids: Of each file; empty where it has none.
    """
    with_ids = [(number, each.start, len(each)) for number, each in enumerate(ids) if each]
    files = pl.DataFrame(with_ids, schema={"file": pl.Int64, "first": pl.Int64, "count": pl.Int64}, orient="row")
    of_files = placed.join(files, on="file").filter(pl.col("file_line") <= pl.col("count"))
    event_id = (pl.col("first") + pl.col("file_line") - 1).alias("event_id")
    return GivenId.validate(of_files.select("file", "event_key", event_id).unique("event_id", maintain_order=True))


def file_rejections(
    rejected: dy.DataFrame[RejectedRow], places: dy.DataFrame[RowPlace], /
) -> dy.DataFrame[FiledRejection]:
    """The rejected rows of many files, each with its file and the line within it."""
    placed = rejected.join(places, on="line", maintain_order="left").with_columns(line="file_line")
    return FiledRejection.cast(placed.select(FiledRejection.column_names()))


def row_counts(places: dy.DataFrame[RowPlace], files: int, /) -> list[int]:
    """How many rows each of so many files has."""
    every = pl.DataFrame({"file": pl.int_range(files, dtype=pl.Int64, eager=True)})
    counted = every.join(places.group_by("file").len("rows"), on="file", how="left", maintain_order="left")
    return counted["rows"].fill_null(0).to_list()


def _text(name: str) -> pl.Expr:
    cleaned = pl.col(name).str.strip_chars()
    return pl.when(cleaned != "").then(cleaned).alias(name)


def _channel() -> pl.Expr:
    """Email unless only a mobile phone is given (the product's rule); numbers are Message Center's."""
    default = (
        pl.when(pl.col("email").is_null() & pl.col("mobile_phone").is_not_null())
        .then(pl.lit("sms"))
        .otherwise(pl.lit("email"))
    )
    wished = pl.col("wished_channel").str.to_lowercase().str.replace(r"^(\d+)\.0+$", "$1")  # a column of doubles
    return pl.coalesce(wished.replace(CHANNEL_NUMBERS), default)
