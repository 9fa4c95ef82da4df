"""Generated events: the same seed the same files, every awkward kind among them, all of it readable."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.contracts.vocabulary import QUEUES, Queue
from tasks.exchange.demonstration.demo_inputs import GeneratedFiles, generate_events
from tasks.exchange.reading.read_rows import read_rows
from tasks.ingest_events import split_events

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANNELS = {"alpha": {"email": 1}, "beta": {"email": 70, "sms": 15, "ios": 8, "android": 7}}


def generate(folder: Path, count: int, seed: int = 7) -> GeneratedFiles:
    inboxes: dict[tuple[str, Queue], Path] = {
        (account, queue): folder / account / queue for account in CHANNELS for queue in QUEUES
    }
    return generate_events(count, seed, now=NOW, inboxes=inboxes, shares={"alpha": 1, "beta": 2}, channels=CHANNELS)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        generate(tmp_path / name, 1_000, seed)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert contents(tmp_path / "one") != contents(tmp_path / "three")


@pytest.mark.parametrize("count", [0, 1, 5, 3_000])
def test_as_many_rows_are_written_as_were_asked_for(tmp_path: Path, count: int) -> None:
    generated = generate(tmp_path, count)
    rows = [read_rows(path, max_bytes=10**9).rows.height for path in generated.paths]
    assert sum(rows) == count == generated.events
    assert set(generated.paths) == {path for path in tmp_path.rglob("*") if path.is_file()}


def test_formats_queues_and_accounts_are_all_there(tmp_path: Path) -> None:
    generated = generate(tmp_path, 3_000)
    assert Counter(path.name.partition(".")[2] for path in generated.paths) == {
        "ndjson": 4, "ndjson.gz": 4, "csv.zst": 4, "parquet": 4,
    }  # fmt: skip
    assert {path.parent.relative_to(tmp_path).as_posix() for path in generated.paths} == {
        "alpha/batch", "alpha/rt", "beta/batch", "beta/rt",
    }  # fmt: skip


def test_most_rows_are_events_and_some_are_broken_or_copies(tmp_path: Path) -> None:
    generated = generate(tmp_path, 6_000)
    read = [split_events(read_rows(path, max_bytes=10**9).rows, now=NOW) for path in generated.paths]
    events = pl.concat([events.with_columns(pl.col("channel").cast(pl.String)) for events, _ in read])
    rejected = pl.concat([rejected for _, rejected in read])
    assert set(rejected["reason"]) == {
        "unparseable", "no_type", "malformed_address", "no_address", "unknown_channel", "impossible_date",
        "ctx_not_an_object",
    }  # fmt: skip
    assert 0.01 < rejected.height / 6_000 < 0.04
    assert 0 < events.height - events["event_key"].n_unique() < 120
    assert set(events["channel"]) == {"email", "sms", "ios", "android"}
    assert events["created_at"].max() < NOW
    assert events.filter(pl.col("scheduled_at") > NOW).height > 0
    assert events.filter(pl.col("expires_at") < NOW).height > 0
    assert events.filter(pl.col("event_key").str.len_chars() == 32).height > 0  # keys made of content
    assert 200 < events["ctx"].str.len_bytes().mean() < 400
