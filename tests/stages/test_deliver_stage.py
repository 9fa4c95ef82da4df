"""The hand-over from an account's store to its sender and back."""

import asyncio
import hashlib
import json
import multiprocessing
import socket
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event as Signal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import templates
from deliverables import CELL, Event, put_delivery, put_events, select

from tasks import deliver_events as delivering
from tasks.change_templates import unpublish_template
from tasks.contracts.accounts import Account, Retries, SmtpServer
from tasks.deliver_events import COUNTS, deliver_events, find_waiting
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.exchange.sending.account_sender import sender_of
from tasks.exchange.sending.render_messages import render_messages
from tasks.settings import Settings
from tasks.store import connection
from tasks.store.connection import StoreFile
from tasks.store.due_events import due_events
from tasks.store.lock import StoreBusyError, lock
from tasks.store.publish_templates import Change

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def deliver(settings: Settings, account: Account, *, now: datetime = NOW, **options: Any) -> dict[str, int]:
    counts = asyncio.run(deliver_events(settings, account, now=now, **options))
    assert tuple(counts) == COUNTS
    assert counts["messages"] == sum(counts[name] for name in ("taken", "deferred", "refused", "unsure"))
    return {name: count for name, count in counts.items() if count}


@pytest.fixture
def nobody_listens() -> Any:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield SmtpServer(port=taken.getsockname()[1], timeout_seconds=5)


def test_events_leave_in_batches_of_their_delivery_and_only_once(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    put_delivery(store)
    put_delivery(store, number=2, queue="rt")
    put_events(store, [Event(n, delivery=1 + n % 2, queue="rt" if n % 2 else "batch") for n in range(1, 10)])
    small = settings.model_copy(update={"batch_messages": 3})
    assert deliver(small, account) == {"messages": 9, "taken": 9}
    assert deliver(small, account) == {}
    batches = select(
        store, "select delivery_id - {CELL}, sender, state, messages from delivery_batch order by batch_id"
    )
    assert sorted(batches) == [
        (1, "outbox", "confirmed", 1),
        (1, "outbox", "confirmed", 3),
        (2, "outbox", "confirmed", 2),
        (2, "outbox", "confirmed", 3),
    ]
    logs = select(
        store,
        "select event_id - {CELL}, delivery_id - {CELL}, kind, rank, provider, applied from delivery_log order by 1",
    )
    assert logs == [(n, 1 + n % 2, "queued", 1, "outbox", False) for n in range(1, 10)]
    assert select(store, "select distinct status, error_count from event") == [("pending_delivery", 0)]


@pytest.mark.parametrize("is_under_way", [False, True])
def test_a_paused_template_keeps_at_once_what_was_routed_to_it_before(
    settings: Settings, account: Account, store: StoreFile, monkeypatch: pytest.MonkeyPatch, *, is_under_way: bool
) -> None:
    put_delivery(store)
    past, later = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    put_events(store, [Event(1), Event(2), Event(3, expires_at=past if not is_under_way else later)])
    if is_under_way:

        def paused_meanwhile(*given: Any) -> Any:
            made = render_messages(*given)
            assert templates.pause(store, "confirm", paused=True) == 1
            return made

        with monkeypatch.context() as during:
            during.setattr(delivering, "render_messages", paused_meanwhile)
            assert deliver(settings, account) == {}
    else:
        assert templates.pause(store, "confirm", paused=True) == 1
        assert deliver(settings, account) == {"expired": 1}
    assert not list(settings.outbox("alpha").glob("*.parquet"))
    assert find_waiting(store, now=NOW, queue=None).deliverables.is_empty()
    asked = due_events(store, "batch", now=NOW, templates_seq=-1)
    assert (asked.due, asked.next_at) == (0, later if is_under_way else None)  # a loop must not spin over them
    assert deliver(settings, account) == {}
    assert select(store, "select count(*) from hand_over union all select count(*) from delivery_batch") == [(0,), (0,)]

    assert templates.pause(store, "confirm", paused=False) == 1
    assert due_events(store, "batch", now=NOW, templates_seq=-1).due == (3 if is_under_way else 2)
    waiting = 3 if is_under_way else 2
    assert deliver(settings, account) == {"messages": waiting, "taken": waiting}


@pytest.mark.parametrize("is_under_way", [False, True])
def test_an_unpublished_template_sends_nothing_more_of_what_was_routed_to_it_before(
    settings: Settings, account: Account, store: StoreFile, monkeypatch: pytest.MonkeyPatch, *, is_under_way: bool
) -> None:
    put_delivery(store)
    put_events(store, [Event(1), Event(2, next_try_at=NOW + timedelta(hours=1))])

    def unpublished_meanwhile(*given: Any) -> Any:
        made = render_messages(*given)
        assert templates.unpublish(store, "confirm", at=NOW) == 1
        return made

    if is_under_way:
        with monkeypatch.context() as during:
            during.setattr(delivering, "render_messages", unpublished_meanwhile)
            assert deliver(settings, account) == {}
    else:
        assert templates.unpublish(store, "confirm", at=NOW) == 1
    assert due_events(store, "batch", now=NOW, templates_seq=-1).due == 1
    assert deliver(settings, account) == {"suppressed": 1}
    assert deliver(settings, account, now=NOW + timedelta(hours=2)) == {"suppressed": 1}
    logs = select(store, "select event_id - {CELL}, kind, reason from delivery_log order by event_id")
    assert logs == [(1, "suppressed", "template_unpublished"), (2, "suppressed", "template_unpublished")]
    assert select(store, "select state from delivery") == [("closed",)]
    assert not list(settings.outbox("alpha").glob("*.parquet"))


def test_an_end_of_publication_that_is_planned_lets_go_what_was_routed_before(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    put_delivery(store)
    put_events(store, [Event(1)])
    end = Change("a test", NOW)
    assert unpublish_template(store, "confirm", at=NOW + timedelta(hours=1), change=end) == 1
    assert deliver(settings, account, now=NOW + timedelta(hours=2)) == {"messages": 1, "taken": 1}


def test_what_is_held_back_for_two_reasons_has_the_first(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    put_delivery(store)
    put_events(store, [Event(1)])
    with connection.writing(store, purpose="test") as session:
        session.connection.execute(
            "insert into quarantine by name select 'email' as channel, 'ann@example.net' as address, "
            "'bounced' as kind, now() as quarantined_at, 1 as change_seq"
        )
    assert templates.unpublish(store, "confirm", at=NOW) == 1
    assert deliver(settings, account) == {"suppressed": 1}
    assert select(store, "select reason from delivery_log") == [("template_unpublished",)]


def test_a_source_that_repeats_itself_is_heard_once_in_a_window(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    account = account.model_copy(update={"repeat_window_minutes": 30})
    put_delivery(store)
    put_events(store, [Event(1), Event(2), Event(3, ctx='{"name": "Bea"}'), Event(4, email="ANN@example.net")])
    put_events(store, [Event(5, email="bob@example.net")])
    assert deliver(settings, account) == {"messages": 3, "taken": 3, "suppressed": 2}
    put_events(store, [Event(6), Event(7)])
    with connection.writing(store, purpose="test") as session:
        session.connection.execute(
            "update event set created_at = created_at + interval 31 minute where event_key = '7'"
        )
    assert deliver(settings, account) == {"messages": 1, "taken": 1, "suppressed": 1}
    assert select(
        store, "select event_id - {CELL} from delivery_log where kind = 'suppressed' and reason = 'repeated' order by 1"
    ) == [(2,), (4,), (6,)]
    put_events(store, [Event(8)])
    assert deliver(settings, Account(name="alpha", cell_id=3)) == {"messages": 1, "taken": 1}


def test_a_repeat_of_what_is_to_be_tried_again_is_not_sent_before_it(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    account = account.model_copy(update={"repeat_window_minutes": 30})
    put_delivery(store)
    put_events(store, [Event(1, error_count=1, next_try_at=NOW + timedelta(hours=1)), Event(2)])
    assert deliver(settings, account) == {"suppressed": 1}
    assert deliver(settings, account, now=NOW + timedelta(hours=2)) == {"messages": 1, "taken": 1}


@pytest.mark.parametrize("is_under_way", [False, True])
def test_a_version_paused_alone_keeps_its_own_events_only(
    settings: Settings, account: Account, store: StoreFile, monkeypatch: pytest.MonkeyPatch, *, is_under_way: bool
) -> None:
    put_delivery(store)
    put_delivery(store, number=2)
    put_events(store, [Event(1), Event(2, delivery=2)])

    def pause_the_second() -> None:
        with connection.writing(store, purpose="test") as session:
            session.connection.execute("update template set paused = true where version = 2")

    def paused_meanwhile(*given: Any) -> Any:
        pause_the_second()
        return render_messages(*given)

    if is_under_way:
        monkeypatch.setattr(delivering, "render_messages", paused_meanwhile)
    else:
        pause_the_second()
        assert due_events(store, "batch", now=NOW, templates_seq=-1).due == 1
    assert deliver(settings, account) == {"messages": 1, "taken": 1}
    assert select(store, "select event_id - {CELL} from hand_over") == [(1,)]


def test_a_round_of_many_small_deliveries_takes_one_claim_and_one_settlement(
    settings: Settings, account: Account, store: StoreFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 7):
        put_delivery(store, number=number, queue="rt", subject=f"{number}")
    put_events(store, [Event(n, delivery=1 + n % 6, queue="rt") for n in range(1, 13)])
    commits: list[str] = []
    commit = connection.commit

    def noted(opened: Any, purpose: str) -> None:
        commits.append(purpose)
        commit(opened, purpose)

    monkeypatch.setattr(connection, "commit", noted)
    assert deliver(settings, account, queue="rt") == {"messages": 12, "taken": 12}
    assert commits == ["claiming delivery batches", "settling delivery batches"]
    assert select(store, "select delivery_id - {CELL}, state, messages from delivery_batch order by 1") == [
        (number, "confirmed", 2) for number in range(1, 7)
    ]
    files = [pl.read_parquet(path) for path in settings.outbox("alpha").glob("*.parquet")]
    subjects = {file["subject"].unique().item(): (file["event_id"] - CELL).to_list() for file in files}
    assert subjects == {str(number): [n for n in range(1, 13) if 1 + n % 6 == number] for number in range(1, 7)}


@pytest.mark.parametrize("is_down", [False, True])
def test_the_size_of_rounds_changes_nothing_but_the_batches(
    settings: Settings, nobody_listens: SmtpServer, *, is_down: bool
) -> None:
    account = Account(name="alpha", cell_id=3, sender="smtp" if is_down else "outbox", smtp=nobody_listens)
    past = NOW - timedelta(hours=1)
    events = [
        Event(
            n,
            delivery=1 + n % 5,
            queue="rt" if n % 5 == 1 else "batch",
            ctx="{}" if n % 7 == 0 else '{"name": "Ann"}',
            expires_at=past if n % 11 == 0 else None,
            error_count=n % 3,
        )
        for n in range(1, 14)
    ]
    ends = []
    for size in (1, 5_000):
        sized = settings.model_copy(update={"home": settings.home / str(size), "batch_messages": size})
        store = StoreFile(sized.account_store("alpha"), "account")
        for number in range(1, 5):  # the fifth has lost its template
            put_delivery(store, number=number, queue="rt" if number == 2 else "batch")
        put_events(store, events)
        counts = deliver(sized, account)
        tables = [
            "from event select * exclude (change_seq) order by event_id",
            "select event_id, outcome from hand_over order by 1",
            "from delivery_log select * exclude (log_key, source_id, change_seq) order by event_id",
            "select delivery_id, state, sum(messages) from delivery_batch where messages > 0 group by all order by 1",
        ]
        files = [pl.read_parquet(path).drop("batch_id") for path in sized.outbox("alpha").glob("*.parquet")]
        messages = pl.concat(files).sort("event_id").rows() if files else []
        ends.append((counts, [select(store, table) for table in tables], messages))
    assert ends[0] == ends[1]
    assert ends[0][0] == {"messages": 9, ("deferred" if is_down else "taken"): 9, "not_rendered": 3, "expired": 1}


@pytest.mark.parametrize(("obstacle", "is_another"), [("{}.json", True), (".{}.parquet.tmp/", False)])
def test_a_batch_that_cannot_be_handed_over_costs_itself_only(
    settings: Settings, account: Account, store: StoreFile, obstacle: str, *, is_another: bool
) -> None:
    for number in (1, 2, 3):
        put_delivery(store, number=number)
    put_events(store, [Event(n, delivery=n) for n in (1, 2, 3)])
    outbox = settings.outbox("alpha")
    in_the_way = outbox / obstacle.format(f"20261123T120000-{CELL + 2}-2")
    if is_another:
        outbox.mkdir(parents=True)
        in_the_way.write_text("{}")
        with pytest.raises(FileExistsError, match="belongs to another state of the store"):
            deliver(settings, account)
        in_the_way.unlink()
    else:
        in_the_way.mkdir(parents=True)
        assert deliver(settings, account) == {"messages": 3, "taken": 2, "deferred": 1}
        in_the_way.rmdir()
    left = "claimed" if is_another else "returned"
    assert select(store, "select delivery_id - {CELL}, state from delivery_batch order by 1") == [
        (1, "confirmed"),
        (2, left),
        (3, "confirmed"),
    ]
    recovered = {"recovered_batches": 1} if is_another else {}
    assert deliver(settings, account, now=NOW + timedelta(days=1)) == {"messages": 1, "taken": 1} | recovered
    files = [pl.read_parquet(path)["event_id"].to_list() for path in outbox.glob("*.parquet")]
    assert sorted(files) == [[CELL + 1], [CELL + 2], [CELL + 3]]


def test_the_outbox_holds_what_its_manifests_say(settings: Settings, account: Account, store: StoreFile) -> None:
    put_delivery(store, subject="Hello {{ name }}", body_html="<b>{{ name }}</b>")
    put_events(store, [Event(n, ctx=json.dumps({"name": f"<{n}>"})) for n in range(1, 6)])
    deliver(settings, account)
    (manifest,) = settings.outbox("alpha").glob("*.json")
    description = json.loads(manifest.read_text())
    content = (manifest.parent / description["file"]).read_bytes()
    assert description["sha256"] == hashlib.sha256(content).hexdigest()
    messages = pl.read_parquet(content)
    assert messages.height == description["messages"] == 5
    assert messages.select("event_id", "batch_id", "recipient", "subject", "body_html").row(0) == (
        CELL + 1,
        description["batch_id"],
        "ann@example.net",
        "Hello <1>",
        "<b>&lt;1&gt;</b>",
    )


def test_one_queue_alone_can_be_delivered(settings: Settings, account: Account, store: StoreFile) -> None:
    put_delivery(store)
    past = NOW - timedelta(hours=1)
    put_events(
        store, [Event(1), Event(2, queue="rt"), Event(3, queue="rt", expires_at=past), Event(4, expires_at=past)]
    )
    assert deliver(settings, account, queue="rt") == {"messages": 1, "taken": 1, "expired": 1}
    assert deliver(settings, account) == {"messages": 1, "taken": 1, "expired": 1}


def test_a_missing_variable_costs_its_event_alone_and_is_never_tried_again(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    put_delivery(store)
    put_events(store, [Event(1), Event(2, ctx="{}"), Event(3)])
    assert deliver(settings, account) == {"messages": 2, "taken": 2, "not_rendered": 1}
    assert deliver(settings, account, now=NOW + timedelta(days=9)) == {}
    assert select(store, "select event_id - {CELL}, kind, reason from delivery_log where kind <> 'queued'") == [
        (2, "failed", "missing_variable: name")
    ]
    assert select(store, "select outcome, count(*) from hand_over group by all order by 1") == [
        ("not_rendered", 1),
        ("taken", 2),
    ]


def test_what_a_mail_server_says_of_each_message_is_in_the_log(
    settings: Settings, store: StoreFile, tmp_path: Path
) -> None:
    put_delivery(store)
    locals_ = ["ann", "defer+a", "unknown+a", "policy+a", "full+a", "bounce+a", "bob"]
    put_events(store, [Event(n, email=f"{local}@example.net") for n, local in enumerate(locals_, start=1)])
    put_delivery(store, number=2, channel="sms")
    put_events(store, [Event(8, channel="sms", mobile_phone="+49151", delivery=2)])
    with ReceivingServer(tmp_path / "taken.ndjson", tmp_path / "log.ndjson", base=NOW) as server:
        account = Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer(port=server.port))
        assert deliver(settings, account) == {"messages": 8, "taken": 4, "deferred": 1, "refused": 3}
        assert deliver(settings, account) == {}
        assert deliver(settings, account, now=NOW + timedelta(minutes=2)) == {"messages": 1, "taken": 1}
        assert server.write_log() >= 5
    logs = select(store, "select event_id - {CELL}, kind, rank from delivery_log order by 1, logged_at")
    assert logs == [
        (1, "accepted", 1),
        (2, "deferred", 1),
        (2, "accepted", 1),
        (3, "bounced", 6),
        (4, "rejected", 5),
        (5, "accepted", 1),
        (6, "accepted", 1),
        (7, "accepted", 1),
        (8, "failed", 5),
    ]
    taken = Counter(json.loads(line)["event_id"] for line in (tmp_path / "taken.ndjson").read_text().splitlines())
    assert taken == Counter(str(CELL + n) for n in (1, 2, 5, 6, 7))
    provider_ids = {
        json.loads(line)["provider_message_id"] for line in (tmp_path / "log.ndjson").read_text().splitlines()
    }
    assert provider_ids == {
        row[0] for row in select(store, "select provider_message_id from delivery_log where kind = 'accepted'")
    }


def test_a_journal_that_a_run_left_of_a_settled_batch_is_cleared_by_the_next(
    settings: Settings, store: StoreFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_delivery(store)
    put_events(store, [Event(1)])
    with ReceivingServer(tmp_path / "taken.ndjson", tmp_path / "log.ndjson", base=NOW) as server:
        account = Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer(port=server.port))
        sender = sender_of(account, settings.outbox("alpha"), now=NOW)
        with monkeypatch.context() as patch:
            patch.setattr(type(sender), "forget", lambda *_: None)
            deliver(settings, account)
        assert len(sender.records()) == 1
        deliver(settings, account)
        assert sender.records() == []


def test_a_sender_that_is_down_costs_a_try_and_a_wait_and_at_last_the_event(
    settings: Settings, store: StoreFile, nobody_listens: SmtpServer
) -> None:
    retries = Retries(max_tries=3, base_seconds=60, cap_seconds=90)
    account = Account(name="alpha", cell_id=3, sender="smtp", smtp=nobody_listens, retries=retries)
    put_delivery(store)
    put_events(store, [Event(n) for n in range(1, 31)])
    assert deliver(settings, account) == {"messages": 30, "deferred": 30}
    assert deliver(settings, account) == {}
    waits = [at - NOW for (at,) in select(store, "select next_try_at from event where error_count = 1")]
    assert len(set(waits)) == len(waits) == 30
    assert timedelta(0) < min(waits)
    assert max(waits) <= timedelta(seconds=60)
    later = NOW + timedelta(seconds=60)
    assert deliver(settings, account, now=later) == {"messages": 30, "deferred": 30}
    waits = [at - later for (at,) in select(store, "select next_try_at from event where error_count = 2")]
    assert timedelta(seconds=60) < max(waits) <= timedelta(seconds=90)
    last = later + timedelta(seconds=90)
    assert deliver(settings, account, now=last) == {"messages": 30, "deferred": 30, "expired": 30}
    assert select(store, "select distinct status, reason, error_count, next_try_at, processed_at from event") == [
        ("expired", "tries_used_up", 3, None, last)
    ]
    ends = select(store, "select distinct state, reason from delivery_batch")
    assert [state for state, _ in ends] == ["returned"]
    assert ends[0][1].startswith(f"127.0.0.1:{nobody_listens.port}: ")
    assert not list(settings.outbox("alpha").iterdir())
    assert select(store, "select (select count(*) from hand_over), (select count(*) from delivery_log)") == [(0, 0)]
    assert deliver(settings, account, now=last) == {}


def test_events_that_were_deferred_leave_when_the_sender_is_back(
    settings: Settings, store: StoreFile, nobody_listens: SmtpServer
) -> None:
    put_delivery(store)
    put_events(store, [Event(1), Event(2, expires_at=NOW + timedelta(seconds=30))])
    down = Account(name="alpha", cell_id=3, sender="smtp", smtp=nobody_listens)
    assert deliver(settings, down) == {"messages": 2, "deferred": 2}
    up = Account(name="alpha", cell_id=3)
    assert deliver(settings, up, now=NOW + timedelta(seconds=60)) == {"messages": 1, "taken": 1, "expired": 1}
    reasons = select(store, "select event_id - {CELL}, reason from event where status = 'expired'")
    assert reasons == [(2, "expiration_passed")]


def test_a_store_without_deliverables_is_left_alone(settings: Settings, account: Account, store: StoreFile) -> None:
    put_events(store, [Event(1, status="pending"), Event(2, status="sent")])
    deliver(settings, account)
    before = store.path.read_bytes()
    assert deliver(settings, account) == {}
    assert store.path.read_bytes() == before


def _hold(path: Path, held: Signal) -> None:
    with lock(path, exclusive=True, wait_seconds=1, purpose="delivering events"):
        held.set()
        time.sleep(60)


def test_a_delivery_that_waits_in_vain_is_told_who_delivers(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=_hold, args=(store.path.with_suffix(".rt.deliver.lock"), held))
    holder.start()
    assert held.wait(60)
    hasty = settings.model_copy(update={"lock_wait_seconds": 0.2})
    with pytest.raises(StoreBusyError, match=rf"process {holder.pid} has held it for delivering events"):
        deliver(hasty, account)
    assert deliver(hasty, account, queue="batch") == {}
    holder.kill()
    holder.join()
    assert deliver(settings, account) == {}


def test_accounts_deliver_side_by_side_in_one_process_and_the_same_account_takes_turns(settings: Settings) -> None:
    accounts = [Account(name=name, cell_id=3) for name in ("alpha", "beta")]
    for account in accounts:
        store = StoreFile(settings.account_store(account.name), "account")
        put_delivery(store)
        put_events(store, [Event(n) for n in range(1, 4)])

    async def together() -> list[dict[str, int]]:
        return await asyncio.gather(*(deliver_events(settings, account, now=NOW) for account in [*accounts, *accounts]))

    assert sum(counts["taken"] for counts in asyncio.run(together())) == 6


def test_an_unknown_sender_is_named_with_those_that_there_are(settings: Settings, account: Account) -> None:
    with pytest.raises(ValueError, match="no sender 'pigeon'; choose one of outbox, smtp, webhook for account 'alpha'"):
        sender_of(account, settings.outbox("alpha"), now=NOW, name="pigeon")
