"""Delivery logs in a real store: what is stored, what is a copy, what is parked, what is rejected."""

import json
from pathlib import Path

import pytest
from lives import collect, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun
from tasks.collect_delivery_logs import CollectCounts, collect_delivery_log
from tasks.store.connection import writing
from tasks.update_event_status import apply_statuses, join_statuses, read_open_logs

AT = "2026-11-23T12:00:00Z"


@pytest.fixture
def event_id(run: AccountRun, tmp_path: Path) -> int:
    """An event pending delivery."""
    publish(run, [{"template_id": "t"}])
    ingest(run, [{"id": "1", "type": "order", "email": "ada@example.org"}], tmp_path)
    process(run)
    return int(rows_of(run, "select event_id from event")[0][0])


def test_a_statement_is_stored_once_however_it_is_written(run: AccountRun, event_id: int, tmp_path: Path) -> None:
    said = {"event_id": event_id, "kind": "delivered", "logged_at": AT, "recipient": "ada@example.org"}
    counts = collect(
        run,
        [
            said,
            said | {"event_id": str(event_id), "recipient": "Ada <ADA@example.org>", "reason": "250 ok"},
            said | {"kind": "Delivery", "logged_at": "2026-11-23T13:00:00+01:00", "reason": "later"},
        ],
        tmp_path,
    )
    again = collect(run, [said, said | {"source_id": "s2"}], tmp_path, name="second")
    assert (counts.rows, counts.stored, counts.duplicates, counts.parked) == (3, 1, 2, 0)
    assert (again.stored, again.duplicates) == (1, 1)
    assert rows_of(run, "select reason from delivery_log order by change_seq limit 1") == [(None,)]  # the first way


@pytest.mark.parametrize(
    "change",
    [{"recipient": "x@example.org"}, {"kind": "opened"}, {"logged_at": "2026-11-23T12:00:01Z"}, {"source_id": "2"}],
)
def test_rows_that_differ_in_their_key_are_both_stored(
    run: AccountRun, event_id: int, tmp_path: Path, change: dict[str, str]
) -> None:
    said = {"event_id": event_id, "kind": "delivered", "logged_at": AT, "recipient": "ada@example.org"}
    assert collect(run, [said, said | change], tmp_path).stored == 2


def test_each_bad_row_is_kept_with_its_reason_and_costs_no_other(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    said = {"event_id": event_id, "kind": "delivered", "logged_at": AT}
    path = tmp_path / "log.ndjson"
    bad = [
        "{nonsense",
        json.dumps(said | {"event_id": "1.5"}),
        json.dumps(said | {"event_id": 2**63}),
        json.dumps({"kind": "delivered", "logged_at": AT}),
        json.dumps({"event_id": event_id, "logged_at": AT}),
        json.dumps({"event_id": event_id, "kind": "delivered"}),
        json.dumps(said | {"logged_at": "2026-13-01"}),
    ]
    path.write_text("\n".join([*bad, json.dumps(said)]))
    counts = collect_delivery_log(run.settings, run.account, path, now=run.now)
    assert (counts.rows, counts.stored, counts.rejected) == (8, 1, 7)
    assert rows_of(run, "select line, reason from rejected_delivery_log order by line") == [
        (1, "unparseable"),
        (2, "malformed_event_id"),
        (3, "malformed_event_id"),
        (4, "no_event"),
        (5, "no_kind"),
        (6, "impossible_date"),
        (7, "impossible_date"),
    ]


def test_a_kind_outside_the_vocabulary_is_kept_as_unknown_with_its_word(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    collect(run, [{"event_id": event_id, "kind": "teleported", "logged_at": AT}], tmp_path)
    update(run)
    assert rows_of(run, "select kind, reason, rank, applied from delivery_log") == [
        ("unknown", "teleported", None, True)
    ]
    assert statuses(run) == {"1": ("pending_delivery", None)}


def test_the_same_log_again_is_a_no_op(run: AccountRun, event_id: int, tmp_path: Path) -> None:
    rows = [{"event_id": event_id, "kind": "delivered", "logged_at": AT}]
    collect(run, rows, tmp_path)
    assert collect(run, rows, tmp_path, name="copy") == CollectCounts(known_files=1)


def test_csv_and_parquet_logs_say_the_same(run: AccountRun, event_id: int, tmp_path: Path) -> None:
    collect(run, [{"event_id": str(event_id), "recipient": "a@b.c", "kind": "delivered", "logged_at": AT}], tmp_path)
    as_csv = tmp_path / "log.csv"
    as_csv.write_text(f"event_id,recipient,kind,logged_at,reason,source_id\n{event_id},a@b.c,delivered,{AT},,\n")
    assert collect_delivery_log(run.settings, run.account, as_csv, now=run.now).duplicates == 1


def test_the_first_word_of_a_provider_is_kept_without_addresses_and_numbers(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    said = {"event_id": event_id, "kind": "bounced"}
    reasons = [
        "550 5.1.1 <ada@example.org>: no such user (id 8837-2211)",
        "550 5.1.1 <bob@example.org>: no such user (id 9911-0000)",
    ]
    rows = [said | {"logged_at": f"2026-11-23T12:00:0{n}Z", "reason": reason} for n, reason in enumerate(reasons)]
    collect(run, rows, tmp_path)
    assert rows_of(run, "select kind, text from log_message") == [
        ("bounced", "550 5.1.1 <<address>>: no such user (id #)")
    ]


def test_a_row_of_an_unknown_event_is_parked_and_applied_when_the_event_is_known(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    late = {"event_id": str(event_id + 1), "kind": "bounced", "logged_at": AT}
    assert collect(run, [late], tmp_path).parked == 1
    counts = update(run)
    assert (counts.changed, counts.parked) == (0, 1)
    ingest(run, [{"id": "2", "type": "order", "email": "bob@example.org"}], tmp_path, name="later")
    assert update(run).parked == 1, "a pending event has no delivery yet that a log could speak of"
    process(run)
    counts = update(run)
    assert (counts.changed, counts.parked, counts.by_status) == (1, 0, {"delivery_failed": 1})
    assert statuses(run)["2"] == ("delivery_failed", None)


def test_a_provider_message_id_leads_to_the_event_whichever_row_comes_first(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    collect(run, [{"provider_message_id": "m1", "kind": "delivered", "logged_at": AT}], tmp_path, name="first")
    assert update(run).parked == 1
    both = {"event_id": event_id, "provider_message_id": "m1", "kind": "accepted", "logged_at": AT}
    collect(run, [both], tmp_path, name="second")
    update(run)
    collect(run, [{"provider_message_id": "m1", "kind": "bounced", "logged_at": AT}], tmp_path, name="third")
    assert statuses(run) == {"1": ("sent", None)}
    update(run)
    assert statuses(run) == {"1": ("delivery_failed", None)}
    assert rows_of(run, "select count(*) from delivery_log where applied and event_id is not null") == [(3,)]


def test_a_run_without_news_changes_nothing(run: AccountRun, event_id: int, tmp_path: Path) -> None:
    collect(run, [{"event_id": event_id, "kind": "delivered", "logged_at": AT}], tmp_path)
    assert update(run).changed == 1
    before = rows_of(run, "from event"), rows_of(run, "from delivery_log")
    counts = update(run)
    assert (counts.log_rows, counts.changed) == (0, 0)
    assert (rows_of(run, "from event"), rows_of(run, "from delivery_log")) == before


def test_hard_bounces_and_complaints_quarantine_an_address_once(run: AccountRun, event_id: int, tmp_path: Path) -> None:
    said = {"event_id": event_id, "kind": "bounced", "logged_at": AT, "reason": "gone"}
    collect(run, [said, said | {"kind": "complained"}, said | {"kind": "soft_bounced"}], tmp_path)
    update(run)
    assert rows_of(run, "select channel, address, kind from quarantine") == [("email", "ada@example.org", "bounced")]


def test_an_event_that_moved_on_meanwhile_is_left_to_the_next_run_with_its_log(
    run: AccountRun, event_id: int, tmp_path: Path
) -> None:
    collect(run, [{"event_id": event_id, "kind": "delivered", "logged_at": AT}], tmp_path)
    logs = read_open_logs(run.store)
    changes = join_statuses(logs, account=run.account)
    with writing(run.store, purpose="a faster flow") as session:
        session.connection.execute("update event set status = 'expired', reason = 'tries_used_up'")
    counts = apply_statuses(run.store, logs, changes, account=run.account, now=run.now)
    assert (counts.log_rows, counts.changed, counts.parked) == (0, 0, 1)
    assert statuses(run) == {"1": ("expired", "tries_used_up")}
    assert update(run).log_rows == 1, "kept, without effect on an event that was never handed over"
    assert statuses(run) == {"1": ("expired", "tries_used_up")}
