"""Every sample row that can be no event is set aside for the reason that its table says, and costs no other."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.demo_home import SAMPLES
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_rows import read_rows
from tasks.ingest_events import split_events

NOW = datetime.fromisoformat("2026-11-23T09:00:00Z")
EXPECTED = pl.read_csv(SAMPLES / "rejects.csv")
FILES = sorted(path for path in (SAMPLES / "events").rglob("*.*") if path.suffix != ".part")
UNREADABLE = {"cut-short.parquet": "cannot be read as Parquet", "entity-bomb.xml": "declares a document type"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_rows_are_rejected_where_and_why_the_table_says(path: Path) -> None:
    if path.name in UNREADABLE:
        with pytest.raises(UnreadableFileError, match=UNREADABLE[path.name]):
            read_rows(path, max_bytes=10_000_000)
        return
    _, rejected = split_events(read_rows(path, max_bytes=10_000_000).rows, now=NOW)
    expected = EXPECTED.filter(file=str(path.relative_to(SAMPLES))).select("line", "reason")
    assert sorted(rejected.select("line", "reason").rows()) == sorted(expected.rows())


def test_every_reason_has_a_sample() -> None:
    from tasks.contracts.vocabulary import REJECT_REASONS

    assert set(EXPECTED["reason"]) == set(REJECT_REASONS)
    assert {SAMPLES / name for name in EXPECTED["file"]} <= set(FILES)


def test_every_status_and_every_routing_reason_has_a_sample() -> None:
    from tasks.contracts.vocabulary import ROUTING_REASONS, STATUSES

    outcomes = pl.read_csv(SAMPLES / "outcomes.csv")
    assert set(outcomes["status"]) == set(STATUSES) - {"pending_delivery"}  # none is left on its way
    assert set(ROUTING_REASONS) <= set(outcomes["reason"])
