"""A person's address: found wherever it is, erased everywhere, and nobody else's data with it."""

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, deliver, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import archive_events
from tasks.check_conservation import check_conservation
from tasks.exchange.intake.answers import Answers
from tasks.privacy import erase_address, find_address
from tasks.publish_account import publish_account
from tasks.publish_control import publish_control
from tasks.purge_events import purge_events
from tasks.store.connection import StoreFile, reading
from tasks.store.published import query_published
from tasks.take_in_files import ingest_files

ADA = "Ada@Example.org"
NEARLY = ("bada@example.org", "ada@example.org.uk", "x.ada@example.org", "ada@example.organic")


def event(key: str, email: str = ADA, **fields: Any) -> dict[str, Any]:
    return {"id": key, "type": "order", "email": email, "ctx": {"name": key}, **fields}


@pytest.fixture
def lived(run: AccountRun, tmp_path: Path) -> AccountRun:
    """Events of a person and of others, some sent, some bounced, some waiting, all archived and published."""
    publish(run, [{"template_id": "t"}])
    inbox = run.settings.inbox("alpha", "batch")
    inbox.mkdir(parents=True)
    others = [event(f"other {n}", email) for n, email in enumerate(NEARLY)]
    mention = event("friend", "bob@example.org", ctx={"friend": f"<{ADA}>, she says hello.", "n": 1})
    events = [event("1"), event("2"), event(f"key of {ADA}"), mention, *others, {"type": "order", "email": f"{ADA} x"}]
    (inbox / "events.ndjson.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, events)).encode()))
    ingest_files(run, "batch")
    process(run)
    deliver(run)
    ids = dict(rows_of(run, "select event_key, event_id::varchar from event"))
    logs = [
        {"event_id": ids["1"], "recipient": ADA, "kind": "delivered", "logged_at": "2026-11-23T12:00:00Z"},
        {"event_id": ids["2"], "recipient": ADA, "kind": "bounced", "reason": f"550 <{ADA}>: unknown",
         "logged_at": "2026-11-23T12:00:01Z"},
        {"event_id": ids["1"], "kind": "clicked", "url": f"https://x.example/?a={ADA}&b=1",
         "logged_at": "2026-11-23T12:00:02Z"},
        {"event_id": ids["other 0"], "recipient": NEARLY[0], "kind": "delivered", "logged_at": "2026-11-23T12:00:00Z"},
    ]  # fmt: skip
    collect(run, logs, tmp_path)
    update(run)
    ingest(run, [event("later", scheduled="2027-01-01T00:00:00Z")], tmp_path, name="later")
    archive_events(run.settings, run.account, now=run.now)
    publish_control(run.settings)
    publish_account(run.settings, run.account)
    return run


def everything(run: AccountRun) -> str:
    """All rows of both stores and of the published data, as text."""
    texts = []
    control = StoreFile(run.settings.control_store, "control")
    for store in (run.store, control):
        with reading(store) as session:
            tables = session.connection.execute("select table_name from duckdb_tables()").fetchall()
            texts += [str(session.connection.execute(f"from {table}").fetchall()) for (table,) in tables]
    for table in ("event", "delivery_log", "quarantine", "tracking_url", "rejected_event"):
        texts.append(str(query_published(run.settings.published_control, f"from {table}", limit=10_000).rows()))
    texts += [
        path.read_bytes().decode("latin-1")
        for folder in ("published", "store")
        for path in run.settings.home.glob(f"{folder}/**/*")
        if path.is_file()
    ]
    return "\n".join(texts).lower().replace("'", " ")


def has_her(text: str) -> bool:
    for nearly in NEARLY:
        text = text.replace(nearly, "")
    return ADA.lower() in text


def test_an_address_is_found_where_it_is_and_nowhere_else(lived: AccountRun) -> None:
    found = find_address([lived], ADA.lower())
    rows = found.rows["alpha"]
    assert rows["queue"] == {
        "event": 5, "delivery_log": 6, "quarantine": 1, "rejected_event": 1, "tracking_url": 1, "event_key": 1,
    }  # fmt: skip
    assert rows["archive"] == {table: count for table, count in rows["queue"].items() if table != "event_key"}
    outbox = [path.name for path in lived.settings.outbox("alpha").glob("*")]  # a manifest names events by their keys
    assert sorted(path.name for path in found.files["alpha"]) == sorted(["events.ndjson.gz", *outbox])
    assert find_address([lived], "nobody@example.org").is_empty


def test_an_erased_address_is_nowhere_and_all_else_is_as_it_was(lived: AccountRun) -> None:
    others = "select * exclude (change_seq) from event where event_key like 'other %' order by event_id"
    before, told_before = rows_of(lived, others), statuses(lived)
    assert has_her(everything(lived))
    erased = erase_address([lived], ADA, files=True, now=lived.now)
    assert erased.after.is_empty
    assert erased.proof == {"alpha": "equal"}
    assert [path.name for path in erased.files_deleted] == ["events.ndjson.gz"]
    assert not has_her(everything(lived))
    assert rows_of(lived, others) == before
    told = statuses(lived)
    assert told.pop("later") == ("expired", "erased")
    told_before.pop("later")
    assert sorted(status for status, _ in told.values()) == sorted(status for status, _ in told_before.values())
    assert rows_of(lived, "select ctx::varchar from event where event_key = 'friend'") == [
        ('{"friend":"<<erased>>, she says hello.","n":1}',)
    ]
    assert rows_of(lived, "select distinct ctx::varchar from event where event_key in ('1', '2', 'later')") == [("{}",)]
    check_conservation(lived.store)
    assert erase_address([lived], ADA, files=False, now=lived.now).events == 0


def test_every_mention_goes_however_they_stand_together(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "t"}])
    mentions = {"list": f"{ADA},{ADA.lower()};{ADA} {ADA}.", "other": f"{NEARLY[0]},{ADA}"}
    ingest(run, [event("friend", "bob@example.org", ctx=mentions)], tmp_path)
    answers = Answers(run.settings.answers_path)
    answers.keep_ids("alpha", {f"key of {ADA}": 1, "another": 2}, now=run.now)
    assert erase_address([run], ADA, files=False, now=run.now).after.is_empty
    ((ctx,),) = rows_of(run, "select ctx::varchar from event")
    assert json.loads(ctx) == {
        "list": "<erased>,<erased>;<erased> <erased>.", "other": f"{NEARLY[0]},<erased>",
    }  # fmt: skip
    assert answers.known_ids("alpha", [f"key of {ADA}", "another"]) == {"another": 2}
    answers.close()


def test_what_only_the_archive_has_is_erased_too_and_stays_proved(lived: AccountRun) -> None:
    later = run_on(lived.settings, lived.account, lived.now + timedelta(days=40))
    purge_events(later.settings, later.account, now=later.now, dry_run=False)
    archive_events(later.settings, later.account, now=later.now)
    assert "event" in find_address([later], ADA).rows["alpha"]["archive"]
    erased = erase_address([later], ADA, files=False, now=later.now)
    assert erased.after.is_empty
    assert erased.proof == {"alpha": "equal"}
    assert archive_events(later.settings, later.account, now=later.now, full=True).proof == "equal"
