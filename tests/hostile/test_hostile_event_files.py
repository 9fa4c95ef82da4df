"""Files made to harm their reader cost themselves alone: no crash, no hang, memory bounded, a reason each."""

from datetime import datetime
from pathlib import Path

import pytest
from hostile.hostile_files import BAD_ROWS, ODD_ROWS, ONE_BAD_ELEMENT, UNREADABLE, beside

from tasks.contracts.accounts import Account
from tasks.ingest_events import IngestCounts, ingest_file
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading

MAX_BYTES = 12_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", lock_wait_seconds=5, max_file_bytes=MAX_BYTES)


def ingest(settings: Settings, account: Account, name: str, content: bytes | str, now: datetime) -> IngestCounts:
    inbox = settings.inbox(account.name, "batch")
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest_file(settings, account, inbox / name, queue="batch", now=now)


def rejected(store: StoreFile) -> list[tuple[int, str]]:
    with reading(store) as session:
        return session.connection.execute("select line, reason from rejected_event order by line").fetchall()


def keys(store: StoreFile) -> set[str]:
    with reading(store) as session:
        return {key for (key,) in session.connection.execute("select event_key from event").fetchall()}


def test_bad_rows_are_rejected_with_their_reasons_and_cost_no_neighbour(
    settings: Settings, account: Account, store: StoreFile, now: datetime
) -> None:
    counts = IngestCounts()
    for number, row in enumerate(BAD_ROWS.values()):  # apart, so that each has to leave its file readable
        neighbour = beside(row).replace(b"neighbour", b"neighbour %d" % number)
        counts = counts.plus(ingest(settings, account, f"{number}.ndjson", neighbour, now))

    assert (counts.accepted, counts.rejected) == (len(BAD_ROWS), len(BAD_ROWS))
    assert keys(store) == {f"neighbour {number}" for number in range(len(BAD_ROWS))}
    assert {reason for _, reason in rejected(store)} == {"unparseable"}


def test_odd_rows_are_events_all_the_same(
    settings: Settings, account: Account, store: StoreFile, now: datetime
) -> None:
    counts = ingest(settings, account, "odd.ndjson", beside(*ODD_ROWS.values()), now)

    assert rejected(store) == []
    assert counts.accepted + counts.duplicates == counts.rows == len(ODD_ROWS) + 1
    assert {"neighbour", "'; drop table event; --", "a\0b"} < keys(store)


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_nothing_can_be_taken_from_is_set_aside_with_its_reason(
    settings: Settings, account: Account, now: datetime, what: str
) -> None:
    name, content = UNREADABLE[what]

    counts = ingest(settings, account, name, content(), now)

    assert counts == IngestCounts(unreadable_files=1)
    reason = settings.inbox(account.name, "batch") / "rejected" / f"{name}.reason.txt"
    assert reason.read_text().startswith(name)
    assert len(reason.read_text()) < 1_000


@pytest.mark.parametrize("what", ONE_BAD_ELEMENT)
def test_a_bad_element_costs_itself(
    settings: Settings, account: Account, store: StoreFile, now: datetime, what: str
) -> None:
    name, content = ONE_BAD_ELEMENT[what]

    counts = ingest(settings, account, name, content(), now)

    assert (counts.rows, counts.accepted, counts.rejected) == (2, 1, 1)
    assert keys(store) == {"neighbour"}
    assert [reason for _, reason in rejected(store)] == ["unparseable"]
