"""The story of one event, through both stores."""

import json

import pytest
from archivables import NOW, change, fill

from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.event_story import event_story

CELL = 3 * 2**56


@pytest.fixture
def control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", 5)


def test_a_story_has_the_event_all_that_hangs_on_it_its_archive_and_its_proof(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=30)
    change(
        store,
        f"insert into hand_over values ({CELL}, 'batch-1', 'taken')",  # noqa: S608
        "insert into delivery_batch (batch_id, delivery_id, sender, state, messages, claimed_at) "
        "values ('batch-1', 1, 'outbox', 'confirmed', 30, timestamptz '2026-11-21')",
        f"insert into event select * replace (event_id + 1000 as event_id, {CELL} as parent_event_id) "  # noqa: S608
        f"from event where event_id = {CELL}",
    )
    archive_events(settings, account, now=NOW)
    story = event_story(store, control, CELL)
    assert {chapter: len(found) for chapter, found in story.items()} == {
        "ingested_file": 1,
        "event": 1,
        "template": 1,
        "delivery": 1,
        "hand_over": 1,
        "delivery_log": 1,
        "tracking_log": 1,
        "quarantine": 0,
        "replays": 1,
        "archived_event": 1,
        "archived_delivery_log": 1,
        "archived_tracking_log": 1,
        "archive_proof": 2,
    }
    (event,) = story["event"]
    assert event["event_id"] == str(CELL)
    assert event["received_at"] == "2026-11-20T22:00:00+00:00"
    assert event["ctx"] == {"order": 0, "note": "é€😀"}
    assert story["replays"][0]["event_id"] == str(CELL + 1000)
    assert "body_text" not in story["template"][0]
    assert story["hand_over"][0]["sender"] == "outbox"
    assert story["archived_event"][0]["account"] == "alpha"
    assert all(proof["equal"] for proof in story["archive_proof"])
    assert json.loads(json.dumps(story)) == story


def test_an_event_nobody_knows_has_an_empty_story(store: StoreFile, control: StoreFile) -> None:
    assert all(found == [] for found in event_story(store, control, CELL + 1).values())


def test_a_purged_event_still_has_its_archived_chapters(
    settings: Settings, account: Account, store: StoreFile, control: StoreFile
) -> None:
    fill(store, events=3)
    archive_events(settings, account, now=NOW)
    change(store, "delete from event", "delete from delivery_log")
    story = event_story(store, control, CELL + 2)
    assert (story["event"], story["delivery_log"]) == ([], [])
    assert story["archived_event"][0]["event_key"] == "key-2"
    assert story["archived_delivery_log"][0]["reason"] == "250 ok"
