"""Flows that first take in what waits in an account's inboxes, where they are asked to."""

import asyncio
import json
from pathlib import Path

import pytest

from flows.process_batch_events import process_batch_events
from flows.process_rt_events import process_rt_events
from flows.update_event_status import update_event_status
from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import Queue
from tasks.exchange.roster import add_account
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading, writing

FLOWS = {"batch": process_batch_events, "rt": process_rt_events}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account) -> Settings:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(tmp_path / "home"))
    made = Settings()
    add_account(made.roster_path, account)
    with writing(StoreFile(made.account_store(account.name), "account"), purpose="making the store"):
        return made


def drop(folder: Path, **row: object) -> Path:
    folder.mkdir(parents=True)
    path = folder / "rows.ndjson"
    path.write_text(json.dumps(row))
    return path


@pytest.mark.parametrize("queue", ["batch", "rt"])
def test_events_in_the_inbox_are_taken_in_and_processed_only_where_asked_for(
    settings: Settings, account: Account, queue: Queue
) -> None:
    path = drop(settings.inbox(account.name, queue), type="order", email="ada@example.org")
    left = asyncio.run(FLOWS[queue].fn(account.name))
    assert (left["due"], path.exists(), "ingest_accepted" in left) == (0, True, False)
    taken = asyncio.run(FLOWS[queue].fn(account.name, ingest=True))
    assert (taken["ingest_accepted"], taken["due"], path.exists()) == (1, 1, False)
    again = asyncio.run(FLOWS[queue].fn(account.name, ingest=True))
    assert (again["ingest_files"], again["due"]) == (0, 0)


def test_delivery_logs_in_the_inbox_are_collected_only_where_asked_for(settings: Settings, account: Account) -> None:
    said = {"event_id": 1, "recipient": "ada@example.org", "kind": "delivered", "logged_at": "2026-11-23T12:00:00Z"}
    path = drop(settings.delivery_log_inbox(account.name), **said, source_id="a")
    asyncio.run(update_event_status.fn(account.name))
    assert path.exists()
    counts = asyncio.run(update_event_status.fn(account.name, collect=True))
    assert not path.exists()
    assert counts.parked == 1
    with reading(StoreFile(settings.account_store(account.name), "account")) as session:
        assert session.connection.sql("select count(*) from delivery_log").fetchall() == [(1,)]
