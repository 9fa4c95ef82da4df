"""Small files taken in together end as they would one after the other."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks import drain_files
from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account
from tasks.exchange.inbox import content_hash
from tasks.ingest_events import IngestCounts, ingest_file
from tasks.settings import Settings
from tasks.store import ingest_events as in_store
from tasks.store.connection import reading, writing
from tasks.store.conservation import balance
from tasks.take_in_files import ingest_files

GOOD = {"type": "order", "email": "ada@example.org"}
QUEUE = "rt"


def event(key: str, **fields: object) -> bytes:
    return json.dumps(GOOD | {"id": key} | fields).encode()


FILES: dict[str, bytes] = {
    "01.json": event("a", language="fr"),
    "02.json": event("a", language="de"),  # a later copy of the key
    "03.ndjson": b"\n" + event("b") + b"\r\n\r\n{not json\n" + event("c") + b"\n",
    "04.csv": b"id,type,email\nd,order,ada@example.org\na,order,ada@example.org\ne,order,no address\n",
    "05.xml": b'<PushEvents><rtEvent id="x" type="order" email="a@b.c"><ctx><n>1</n></ctx></rtEvent></PushEvents>',
    "06.parquet": b"PAR1 cut short",
    "07.json": b"[" + event("f") + b"," + event("g") + b"]",
    "08.json": event("a", language="fr"),  # 01 once more
    "09.ndjson": event("h") + b"\n" + b'{"type": "caf\xe9", "email": "a@b.c"}\n',
    "10.json.gz": gzip.compress(event("i"), mtime=0),
    "11.json": b"",
    "12.parquet": event("a", language="fr"),  # 01 under a name that it cannot be read by
    "13": json.dumps(GOOD | {"id": "k"}, indent=2).encode(),
    "14.json": b"\xef\xbb\xbf" + event("l"),
    "15.json": json.dumps(GOOD).encode(),
    "16.json": json.dumps({"ctx": {}} | GOOD).encode(),  # the content of 15
    "17.json": b'{"type": "order"',
}


def run_in(home: Path) -> AccountRun:
    run = run_on(Settings(home=home), Account(name="alpha", cell_id=3))
    inbox = run.settings.inbox("alpha", QUEUE)
    inbox.mkdir(parents=True)
    for name, content in FILES.items():
        (inbox / name).write_bytes(content)
    return run


def left(run: AccountRun) -> Mapping[str, Any]:
    """All that may be seen afterwards, but for the clock."""
    told = {
        "event": "select * exclude (received_at, created_at, change_seq) from event order by event_id",
        "rejected_event": "select * exclude (rejected_at, change_seq) from rejected_event order by source_file, line",
        "ingested_file": "select * exclude (ingested_at, change_seq) from ingested_file order by source_file",
        "event_key": "select event_key, event_id from event_key order by event_id",
    }
    with reading(run.store) as session:
        tables = {name: session.connection.execute(sql).fetchall() for name, sql in told.items()}
    inbox = run.settings.inbox("alpha", QUEUE)
    return tables | {"files": sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*"))}


def test_files_of_every_kind_end_as_they_would_one_after_the_other(tmp_path: Path) -> None:
    together, apart = run_in(tmp_path / "together"), run_in(tmp_path / "apart")
    counts = IngestCounts()
    for name in FILES:
        path = apart.settings.inbox("alpha", QUEUE) / name
        counts = counts.plus(ingest_file(apart.settings, apart.account, path, queue=QUEUE, now=apart.now))
    assert ingest_files(together, QUEUE) == counts
    assert (counts.accepted, counts.known_files, counts.unreadable_files) == (12, 2, 1)
    assert left(together) == left(apart)
    assert balance(together.store).holds


def test_a_large_file_keeps_its_place_among_the_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain_files, "SMALL_BYTES", 100)
    monkeypatch.setattr(drain_files, "DRAIN_FILES", 2)
    run = run_on(Settings(home=tmp_path), Account(name="alpha", cell_id=3))
    paths = [tmp_path / f"{number}.ndjson" for number in range(5)]
    for number, path in enumerate(paths):
        copies = [
            event("same", language=f"l{number}"),
            *(event(f"{number}-{n}") for n in range(9 if number == 2 else 0)),
        ]
        path.write_bytes(b"\n".join(copies))
    counts = ingest_files(run, QUEUE, paths)
    assert (counts.files, counts.accepted, counts.duplicates) == (5, 10, 4)
    with reading(run.store) as session:
        seen = session.connection.execute(
            "select event_key, source_file, language from event order by event_id"
        ).fetchall()
    assert seen[0] == ("same", "0.ndjson", "l0")
    assert [key for key, _, _ in seen[1:]] == [f"2-{n}" for n in range(9)]


def test_a_file_that_breaks_the_drain_costs_itself_alone(run: AccountRun, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = run.settings.inbox(run.account.name, QUEUE)
    inbox.mkdir(parents=True)
    for name in ("a", "poison", "z"):
        (inbox / f"{name}.json").write_bytes(event(name))
    keys = in_store.content_keys

    def breaks(events: Any) -> Any:
        if "poison" in events["event_key"].to_list():
            raise ValueError("nobody thought of this")
        return keys(events)

    monkeypatch.setattr(in_store, "content_keys", breaks)
    counts = ingest_files(run, QUEUE)
    assert (counts.accepted, counts.unreadable_files) == (2, 1)
    assert "nobody thought of this" in (inbox / "rejected" / "poison.json.reason.txt").read_text()
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["a.json", "z.json"]
    (inbox / "poison.json").write_bytes(event("poison"))
    with pytest.raises(ValueError, match="nobody thought"):  # nobody knows whether this file is to blame
        ingest_files(run, QUEUE)
    assert (inbox / "poison.json").exists()


def test_a_file_that_somebody_else_took_meanwhile_is_passed_over(run: AccountRun) -> None:
    inbox = run.settings.inbox(run.account.name, QUEUE)
    inbox.mkdir(parents=True)
    (inbox / "b.json").write_bytes(event("b"))
    assert ingest_files(run, QUEUE, [inbox / "a.json", inbox / "b.json"]).accepted == 1
    with pytest.raises(FileNotFoundError):
        ingest_files(run, QUEUE, [inbox.parent / "a.json"])


def test_what_a_crash_left_in_the_inbox_is_known_and_put_away(run: AccountRun) -> None:
    inbox = run.settings.inbox(run.account.name, QUEUE)
    inbox.mkdir(parents=True)
    for key in "ab":
        (inbox / f"{key}.json").write_bytes(event(key))
    ingest_files(run, QUEUE)
    for path in (inbox / "done").iterdir():
        path.rename(inbox / path.name)
    (inbox / "c.json").write_bytes(event("c"))
    counts = ingest_files(run, QUEUE)
    assert (counts.files, counts.known_files, counts.accepted) == (1, 2, 1)
    assert [path.name for path in inbox.iterdir()] == ["done"]


def test_events_of_a_doubtful_file_are_held_and_those_beside_it_are_not(run: AccountRun, tmp_path: Path) -> None:
    paths = [tmp_path / f"{key}.json" for key in "ab"]
    for path in paths:
        path.write_bytes(event(path.stem))
    with writing(run.store, purpose="doubting a file") as session:
        session.connection.execute("insert into doubtful_file values (?, 'restored')", [content_hash(paths[1])])
    ingest_files(run, QUEUE, paths)
    with reading(run.store) as session:
        held = session.connection.execute(
            "select event_key, batch_id, outcome from hand_over join event using (event_id)"
        ).fetchall()
    assert held == [("b", "restored", "unsure")]


def test_a_file_that_another_run_took_in_meanwhile_is_known_and_its_keys_are_too(run: AccountRun) -> None:
    def read(*names: str) -> Any:
        drain = drain_files.Drain()
        for name in names:
            path = run.settings.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(event("k", language=name[0]))
            small = drain_files.read_small(path, max_bytes=1_000)
            drain.add(path, drain_files.FoundFile(path, content_hash(path), small))
        return drain_files.split_drain(drain, queue=QUEUE, now=run.now)

    first, both = read("a.json"), read("a.json", "b.json")
    for events in (first, both):
        counts = in_store.take_in(
            run.store, events.files, events.events, events.rejected, events.given, cell_id=3, received_at=run.now
        )
    assert [counted and (counted.accepted, counted.duplicates) for counted in counts] == [None, (0, 1)]
