"""Replays and recycling: new events in the place of old ones, each once, and only where they have a chance."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, deliver, ingest, process, publish, rows_of, statuses, update

from flows.update_event_status import update_event_status
from tasks.account_run import AccountRun, account_run
from tasks.archive_events import archive_events
from tasks.check_conservation import check_conservation
from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import Channel
from tasks.exchange.roster import add_account
from tasks.recycle_events import RecycleCounts, recycle
from tasks.replay_events import ReplayCounts, replay
from tasks.settings import Settings

LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EVERYTHING: dict[str, Any] = {"event_type": None, "from_at": None, "to_at": None, "event_ids": None, "dry_run": False}


def event(key: str, kind: str = "order", **fields: Any) -> dict[str, Any]:
    return {"id": key, "type": kind, "email": "ada@example.org", **fields}


@pytest.fixture
def unrouted(run: AccountRun, tmp_path: Path) -> AccountRun:
    """Events for which no template was published in time."""
    events = [
        event("1"),
        event("2", "reset", language="de"),
        event("3", "unknown"),
        event("4", expiration=LATER.isoformat()),
    ]
    ingest(run, events, tmp_path)
    process(run)
    publish(run, [{"template_id": "t"}, {"template_id": "r", "event_type": "reset"}], at=LATER - timedelta(hours=1))
    assert {status for status, _ in statuses(run).values()} == {"not_taken_into_account"}
    return replace(run, now=LATER)


def test_a_replay_makes_new_events_where_a_template_takes_them_now(unrouted: AccountRun) -> None:
    assert replay(unrouted, **EVERYTHING | {"dry_run": True}) == ReplayCounts(4, 2, 1, 0)
    assert replay(unrouted, **EVERYTHING) == ReplayCounts(4, 2, 1, 2)
    assert replay(unrouted, **EVERYTHING) == ReplayCounts(2, 0, 1, 0)
    process(unrouted, now=LATER)
    deliver(unrouted, now=LATER)
    assert rows_of(
        unrouted,
        "select parent.event_key, child.status, child.created_at = parent.created_at, child.language "
        "from event as child join event as parent on parent.event_id = child.parent_event_id order by 1",
    ) == [("1", "pending_delivery", True, None), ("2", "pending_delivery", True, "de")]
    assert {statuses(unrouted)[key][0] for key in "1234"} == {"not_taken_into_account"}
    check_conservation(unrouted.store)
    assert archive_events(unrouted.settings, unrouted.account, now=LATER).proof == "equal"


@pytest.mark.parametrize(
    ("asked", "replayed"),
    [
        ({"event_type": "reset"}, 1),
        ({"event_type": "nothing"}, 0),
        ({"from_at": LATER}, 0),
        ({"to_at": LATER}, 2),
        ({"event_ids": [7]}, 0),
    ],
)
def test_a_replay_takes_those_that_are_asked_for(unrouted: AccountRun, asked: dict[str, Any], replayed: int) -> None:
    assert replay(unrouted, **EVERYTHING | asked).replayed == replayed


def with_fallback(run: AccountRun, *channels: Channel) -> AccountRun:
    return replace(run, account=Account(name="alpha", cell_id=3, fallback_channels=channels))


def failed(run: AccountRun, folder: Path, kinds: dict[str, list[str]], **fields: Any) -> None:
    """Events handed over, of which providers said these things, minute by minute."""
    publish(run, [{"template_id": channel, "channel": channel} for channel in ("email", "sms", "ios")])
    ingest(run, [event(key, mobilePhone="+4915112345", **fields) for key in kinds], folder)
    process(run)
    deliver(run)
    ids = dict(rows_of(run, "select event_key, event_id::varchar from event"))
    logs = [
        {"event_id": ids[key], "kind": kind, "logged_at": (run.now + timedelta(minutes=minute)).isoformat()}
        for key, told in kinds.items()
        for minute, kind in enumerate(told)
    ]
    collect(run, logs, folder)
    update(run)


def test_what_failed_goes_out_on_the_next_channel_once(run: AccountRun, tmp_path: Path) -> None:
    account = with_fallback(run, "email", "sms")
    kinds = {
        "bounced": ["bounced"],
        "soft": ["soft_bounced"],
        "failed": ["failed"],
        "delivered": ["delivered"],
        "late soft": ["delivered", "soft_bounced"],
        "late bounce": ["delivered", "bounced"],
        "opened": ["opened", "bounced"],
        "suppressed": ["suppressed"],
        "waiting": ["deferred"],
    }
    failed(account, tmp_path, kinds)
    assert recycle(account, dry_run=True) == RecycleCounts(3, {"sms": 3}, 0)
    assert recycle(account, dry_run=False).recycled == 3
    assert recycle(account, dry_run=False).recycled == 0
    process(account)
    deliver(account)
    posted = [json.loads(path.read_text()) for path in account.settings.outbox("alpha").glob("*.json")]
    keys = {key for manifest in posted for key in manifest["events"].values()}
    children = rows_of(
        account,
        "select parent.event_key, child.event_key, child.channel from event as child "
        "join event as parent on parent.event_id = child.parent_event_id",
    )
    assert {parent for parent, _, _ in children} == {"bounced", "soft", "failed"}
    assert {channel for _, _, channel in children} == {"sms"}
    assert {key for _, key, _ in children} <= keys
    check_conservation(account.store)


def test_a_recycled_event_that_fails_goes_on_to_the_channel_after_that(run: AccountRun, tmp_path: Path) -> None:
    account = with_fallback(run, "email", "ios", "sms")
    failed(account, tmp_path, {"1": ["bounced"]})
    assert recycle(account, dry_run=False).by_channel == {"sms": 1}  # it has no token for iOS
    failed_again = with_fallback(run, "email", "sms", "ios")
    (tmp_path / "b").mkdir()
    failed(failed_again, tmp_path / "b", {"2": ["bounced"]}, registrationToken="token")
    assert recycle(failed_again, dry_run=False).by_channel == {"sms": 1}
    process(failed_again)
    deliver(failed_again)
    ((child,),) = rows_of(account, "select max(event_id)::varchar from event where channel = 'sms'")
    log = {"event_id": child, "kind": "failed", "logged_at": account.now.isoformat()}
    collect(account, [log], tmp_path, name="again")
    update(account)
    assert recycle(failed_again, dry_run=False) == RecycleCounts(1, {"ios": 1}, 1)


def test_what_failed_long_ago_or_has_expired_or_has_no_other_channel_is_left_alone(
    run: AccountRun, tmp_path: Path
) -> None:
    account = with_fallback(run, "email", "sms")
    failed(account, tmp_path, {"1": ["bounced"]}, expiration=(run.now + timedelta(hours=1)).isoformat())
    assert recycle(replace(account, now=run.now + timedelta(minutes=30)), dry_run=True).found == 1
    assert recycle(replace(account, now=run.now + timedelta(hours=1)), dry_run=True).found == 0
    assert recycle(replace(account, now=run.now + timedelta(hours=73)), dry_run=True).found == 0
    for channels in ((), ("email",), ("sms", "email"), ("sms",)):
        assert recycle(with_fallback(run, *channels), dry_run=True).found == 0


def test_the_status_run_of_an_account_with_fallback_channels_recycles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(tmp_path / "home"))
    roster = Settings().roster_path
    add_account(roster, Account(name="alpha", cell_id=3, fallback_channels=("email", "sms")))
    run = account_run("alpha", datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    failed(run, tmp_path, {"1": ["bounced"]})
    for recycles, children in ((False, 0), (True, 1), (True, 1)):
        asyncio.run(update_event_status.fn("alpha", recycle=recycles, now=run.now))
        assert rows_of(run, "select count(*) from event where parent_event_id is not null") == [(children,)]
