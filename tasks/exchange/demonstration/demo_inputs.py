"""Generated events for demonstrations: the same seed gives the same files, to the byte."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import Final, TypeVar

import polars as pl

from tasks.contracts.vocabulary import QUEUES, Queue
from tasks.exchange.demonstration import demo_events as mix
from tasks.exchange.demonstration.demo_contexts import with_contexts
from tasks.exchange.demonstration.demo_files import write_events

T = TypeVar("T")

_DRAWN: Final = {
    **dict.fromkeys(
        ("type", "channel", "mailbox", "first_name", "domain", "language", "country", "fault"), pl.String()
    ),
    "person": pl.Int64(),
    "keyless": pl.Boolean(),
}


@dataclass(frozen=True)
class GeneratedFiles:
    """What was written."""

    events: int
    """Rows in all files, copies and broken ones among them."""
    paths: tuple[Path, ...]


def generate_events(
    count: int,
    seed: int,
    *,
    now: datetime,
    inboxes: Mapping[tuple[str, Queue], Path],
    shares: Mapping[str, int],
    channels: Mapping[str, Mapping[str, int]],
) -> GeneratedFiles:
    """Writes event files into inboxes, in several formats.

    Args:
        count: Rows in all, a few of them copies of others, a few broken.
        seed: Equal seeds give equal files.
        now: The instant before which the events were created.
        inboxes: Folder per account and queue.
        shares: How many of the rows go to an account, in proportion.
        channels: Weights of the channels, per account.
    """
    paths: list[Path] = []
    for account, share in zip(shares, _shares(count, shares.values()), strict=True):
        events = account_events(share, Random(f"{seed} {account}"), account, now=now, channels=channels[account])  # noqa: S311
        for queue in QUEUES:
            of_queue = events.filter(pl.col("queue") == queue).drop("queue")
            paths += write_events(of_queue, inboxes[account, queue], f"{account}-{queue}")
    return GeneratedFiles(count, tuple(paths))


def account_events(
    count: int, random: Random, account: str, *, now: datetime, channels: Mapping[str, int]
) -> pl.DataFrame:
    """The rows of one account: the fields of an event, its `queue`, and the `fault` of those that are broken."""
    copies = round(count * mix.DUPLICATES)
    rows = _columns(count - copies, random, account, channels)
    rows = with_contexts(_with_instants(rows, random, now), random)
    copied = rows[random.sample(range(rows.height), min(copies, rows.height))] if rows.height else rows
    both = pl.concat([rows, copied])
    return (
        both[random.sample(range(both.height), both.height)]
        .with_columns(map(_broken, mix.FIELDS))
        .select(*mix.FIELDS, "queue", "fault")
    )


def _shares(count: int, weights: Collection[int]) -> list[int]:
    """In proportion to the weights, and all of it given out."""
    bounds = [round(count * total / sum(weights)) for total in accumulate(weights, initial=0)]
    return [end - start for start, end in pairwise(bounds)]


def _columns(count: int, random: Random, account: str, channels: Mapping[str, int]) -> pl.DataFrame:
    places = _choices(random, mix.PLACES, count)
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(7)
    plain_name = pl.col("first_name").str.normalize("NFKD").str.to_lowercase().str.replace_all("[^a-z]", "")
    address = pl.concat_str("mailbox", plain_name, pl.lit("."), "person", pl.lit("@"), "domain")
    phone = pl.concat_str(pl.lit("+99955"), pl.col("person").cast(pl.String).str.zfill(6))
    token = pl.concat_str(pl.lit("token-"), "channel", pl.lit("-"), "person")
    push = pl.col("channel").is_in(["ios", "android"])
    return (
        pl.DataFrame(
            {
                "type": _choices(random, mix.EVENT_TYPES, count),
                "channel": _choices(random, channels, count),
                "mailbox": _choices(random, mix.MAILBOXES, count),
                "first_name": random.choices(mix.FIRST_NAMES, k=count),
                "domain": random.choices(mix.DOMAINS, k=count),
                "person": random.choices(range(1_000_000), k=count),
                "language": [language for language, _ in places],
                "country": [country for _, country in places],
                "fault": _choices(random, mix.FAULTS, count),
                "keyless": random.choices([True, False], [3, 97], k=count),
            },
            schema=_DRAWN,
        )
        .with_columns(
            queue=pl.when(_is_rt()).then(pl.lit("rt")).otherwise(pl.lit("batch")),
            channel=pl.when(_has_template() | (pl.col("person") % 40 == 0)).then("channel").otherwise(pl.lit("email")),
        )
        .with_columns(
            id=pl.when(~pl.col("keyless")).then(pl.concat_str(pl.lit(f"{account}-"), number)),
            email=pl.when(pl.col("channel") == "email").then(address),
            mobilePhone=pl.when(pl.col("channel") == "sms").then(phone),
            registrationToken=pl.when(push).then(token),
            wishedChannel=pl.when(push | (pl.col("channel") == "sms")).then("channel"),
            externalId=pl.concat_str(pl.lit("C"), pl.col("person").cast(pl.String)),
            origin=pl.lit(f"{account}.example"),
        )
    )


def _is_rt() -> pl.Expr:
    """What people wait for is for the real-time queue, but for a few that were sent to the wrong one."""
    return pl.col("type").is_in(mix.RT_TYPES) & (pl.col("person") % 25 != 0)


def _has_template() -> pl.Expr:
    """Text messages and pushes are asked for where there is a template for them, but for a few."""
    by_text = pl.col("type").is_in(["order_confirmed", "parcel_shipped", "security_alert", "price_alert"])
    return ((pl.col("channel") == "sms") & by_text) | (pl.col("type") == "parcel_shipped")


def _with_instants(rows: pl.DataFrame, random: Random, now: datetime) -> pl.DataFrame:
    count = rows.height
    ago = pl.Series(random.choices(range(1, 60_000), k=count), dtype=pl.Int64)
    window = pl.when(pl.col("queue") == "rt").then(mix.RT_MINUTES).otherwise(mix.BATCH_MINUTES)
    created = pl.lit(now) - pl.duration(milliseconds=ago * window)
    minutes = {
        "to_schedule": pl.Series(_choices(random, mix.SCHEDULES, count), dtype=pl.Int64),
        "to_expiration": pl.Series(_choices(random, mix.EXPIRATIONS, count), dtype=pl.Int64),
    }
    scheduled, expiration = (pl.lit(now) + pl.duration(minutes=pl.col(name)) for name in minutes)
    return rows.with_columns(**minutes).with_columns(
        created=_iso(created),
        scheduled=pl.when(pl.col("type") == "parcel_shipped").then(_iso(scheduled)),
        expiration=_iso(expiration),
    )


def _broken(column: str) -> pl.Expr:
    """What the faults make of a field; a row that is `cut` is cut when it is written."""
    value = pl.col(column)
    for fault, fields in mix.FAULTY_FIELDS.items():
        if column in fields:
            value = pl.when(pl.col("fault") == fault).then(pl.lit(fields[column], dtype=pl.String)).otherwise(value)
    return value.alias(column)


def _iso(moment: pl.Expr) -> pl.Expr:
    return moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")


def _choices(random: Random, weights: Mapping[T, int], count: int) -> list[T]:
    return random.choices(list(weights), list(weights.values()), k=count)
