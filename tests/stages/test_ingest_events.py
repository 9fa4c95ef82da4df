"""Ingestion, from files to rows: what is accepted, what is a duplicate, what is rejected and why."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tables import table

from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import CTX_MAX_BYTES, Queue
from tasks.ingest_events import IngestCounts, ingest_file
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.conservation import balance

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = {"type": "order", "email": "ada@example.org"}


Ingest = Callable[..., IngestCounts]


@pytest.fixture
def ingest(settings: Settings, account: Account, tmp_path: Path) -> Ingest:
    def run(rows: list[object], *, name: str = "events.ndjson", queue: Queue = "batch") -> IngestCounts:
        path = tmp_path / name
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return ingest_file(settings, account, path, queue=queue, now=NOW)

    return run


def events(store: StoreFile) -> list[dict[str, Any]]:
    with reading(store) as session:
        return session.connection.sql("select * from event order by event_id").pl().to_dicts()


def rejected(store: StoreFile) -> list[tuple[int, str]]:
    with reading(store) as session:
        return session.connection.execute("select line, reason from rejected_event order by line").fetchall()


CHANNELS = """
wishedChannel | email | mobilePhone    | token | channel | reason
--------------|-------|----------------|-------|---------|------------------
-             | a@b.c | -              | -     | email   | -
-             | -     | +33 6 12 34 56 | -     | sms     | -
-             | a@b.c | 0612345        | -     | email   | -
-             | -     | -              | tok   | -       | no_address
-             | -     | -              | -     | -       | no_address
0             | a@b.c | -              | -     | email   | -
1             | a@b.c | 0612345        | -     | sms     | -
1             | a@b.c | -              | -     | -       | no_address
41            | -     | -              | tok   | ios     | -
42            | -     | -              | tok   | android | -
SMS           | -     | (06) 12.34-56  | -     | sms     | -
email         | -     | 0612345        | -     | -       | no_address
999           | a@b.c | -              | -     | -       | unknown_channel
pigeon        | a@b.c | -              | -     | -       | unknown_channel
"""


def test_channels_and_their_addresses(ingest: Ingest, store: StoreFile) -> None:
    rows = table(CHANNELS)
    given = [
        {"type": "t", "id": str(n)}
        | {field: row[field] for field in ("wishedChannel", "email", "mobilePhone") if row[field]}
        | ({"registrationToken": row["token"]} if row["token"] else {})
        for n, row in enumerate(rows, start=1)
    ]
    ingest(given)
    accepted = {int(event["event_key"]): event["channel"] for event in events(store)}
    reasons = dict(rejected(store))
    assert {n: (accepted.get(n), reasons.get(n)) for n in range(1, len(rows) + 1)} == {
        n: (row["channel"], row["reason"]) for n, row in enumerate(rows, start=1)
    }


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{not json", "unparseable"),
        ("[1, 2]", "unparseable"),
        ('"text"', "unparseable"),
        ({"email": "a@b.c"}, "no_type"),
        ({"type": "  ", "email": "a@b.c"}, "no_type"),
        (GOOD | {"email": "not an address"}, "malformed_address"),
        (GOOD | {"email": "a@b@c"}, "malformed_address"),
        (GOOD | {"email": "a..b@c.org"}, "malformed_address"),
        (GOOD | {"email": "a@-c.org"}, "malformed_address"),
        (GOOD | {"email": "a@b.org\nBcc: x@y.z"}, "malformed_address"),
        (GOOD | {"email": f"{'a' * 250}@b.org"}, "malformed_address"),
        (GOOD | {"email": {"nested": 1}}, "malformed_address"),
        ({"type": "t", "mobilePhone": "call me"}, "malformed_address"),
        (GOOD | {"ctx": [1]}, "ctx_not_an_object"),
        (GOOD | {"ctx": "plain text"}, "ctx_not_an_object"),
        (GOOD | {"ctx": {"a": "x" * CTX_MAX_BYTES}}, "ctx_too_large"),
        (GOOD | {"created": "yesterday"}, "impossible_date"),
        (GOOD | {"scheduled": "2026-02-30T10:00:00Z"}, "impossible_date"),
        (GOOD | {"expiration": "2026-11-23T25:00:00Z"}, "impossible_date"),
        (GOOD | {"expiration": "0001-01-01"}, "impossible_date"),
    ],
)
def test_a_row_that_cannot_be_an_event_costs_itself_alone(
    ingest: Ingest, store: StoreFile, row: object, reason: str
) -> None:
    before, after = GOOD | {"id": "before"}, GOOD | {"id": "after"}
    counts = ingest([before, row if isinstance(row, str) else json.dumps(row), after])
    assert (counts.rows, counts.accepted, counts.rejected) == (3, 2, 1)
    assert rejected(store) == [(2, reason)]
    assert [event["event_key"] for event in events(store)] == ["before", "after"]


def test_the_raw_text_of_a_rejected_row_is_kept(ingest: Ingest, store: StoreFile) -> None:
    ingest(['{"type": "x"; drop table event; --'])
    with reading(store) as session:
        kept = session.connection.execute("select source_file, line, raw, detail from rejected_event").fetchall()
    assert kept == [("events.ndjson", 1, '{"type": "x"; drop table event; --', "not valid JSON")]


def test_either_spelling_is_read_and_unknown_fields_are_kept_in_ctx(ingest: Ingest, store: StoreFile) -> None:
    ingest(
        [
            GOOD | {"externalId": "c1", "wishedChannel": 0, "mobilePhone": "123", "shop": "Lyon", "ctx": {"n": 1}},
            GOOD
            | {
                "external_id": "c1",
                "wished_channel": "email",
                "mobile_phone": "123",
                "ctx": {"n": 2, "shop": "ctx wins"},
                "shop": "x",
            },
        ]
    )
    found = [(e["external_id"], e["channel"], e["mobile_phone"], json.loads(e["ctx"])) for e in events(store)]
    assert found == [
        ("c1", "email", "123", {"n": 1, "shop": "Lyon"}),
        ("c1", "email", "123", {"n": 2, "shop": "ctx wins"}),
    ]


def test_a_cloud_event_is_unwrapped(ingest: Ingest, store: StoreFile) -> None:
    envelope = {
        "specversion": "1.0",
        "id": "42",
        "source": "/shop",
        "type": "order",
        "time": "2026-11-23T10:00:00+01:00",
        "subject": "cart 7",
        "data": {"email": "ada@example.org", "ctx": {"n": None}, "coupon": "X"},
    }
    ingest([envelope, envelope | {"source": "/other"}, envelope])
    first, second = events(store)
    assert (first["event_key"], second["event_key"]) == ("/shop 42", "/other 42")
    assert first["origin"] == "/shop"
    assert first["created_at"] == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert json.loads(first["ctx"]) == {"n": None, "coupon": "X", "subject": "cart 7"}


def test_a_row_whose_specversion_is_empty_is_no_envelope(ingest: Ingest, store: StoreFile) -> None:
    ingest(["specversion,source,id,type,email", ",,7,order,a@b.fr", "1.0,/shop,7,order,a@b.fr"], name="a.csv")
    assert [event["event_key"] for event in events(store)] == ["7", "/shop 7"]


def test_one_event_per_key_across_files_queues_and_formats(ingest: Ingest, store: StoreFile) -> None:
    ingest([GOOD | {"id": "k"}, GOOD | {"id": "k"}], name="a.ndjson")
    counts = ingest(["id,type,email", "k,order,ada@example.org", "k2,order,ada@example.org"], name="b.csv", queue="rt")
    assert (counts.rows, counts.accepted, counts.duplicates) == (2, 1, 1)
    assert [(event["event_key"], event["queue"]) for event in events(store)] == [("k", "batch"), ("k2", "rt")]


def test_without_an_id_the_content_is_the_key_whatever_the_order_of_fields_and_the_format(
    ingest: Ingest, store: StoreFile
) -> None:
    ingest([{"type": "order", "email": "a@b.c", "ctx": {"n": 1, "items": [{"a": 1}, {"b": 2}]}}], name="a.ndjson")
    same = ingest(
        [{"ctx": {"items": [{"a": 1}, {"b": 2}], "n": 1}, "email": " a@b.c ", "type": "order"}], name="b.ndjson"
    )
    as_xml = ingest(
        [
            '<rtEvent type="order" email="a@b.c"><ctx><n>1</n><items><a>1</a></items>',
            "<items><b>2</b></items></ctx></rtEvent>",
        ],
        name="c.xml",
    )
    other = ingest(
        [{"type": "order", "email": "a@b.c", "ctx": {"n": 1, "items": [{"b": 2}, {"a": 1}]}}], name="d.ndjson"
    )
    assert [same.duplicates, as_xml.duplicates, other.accepted] == [1, 1, 1]
    assert all(len(event["event_key"]) == 32 for event in events(store))


def test_the_same_file_again_is_a_no_op_under_any_name_and_says_so(ingest: Ingest, store: StoreFile) -> None:
    first = ingest([GOOD, "bad"], name="a.ndjson")
    again = ingest([GOOD, "bad"], name="copy.ndjson", queue="rt")
    assert (first.files, first.accepted, first.rejected) == (1, 1, 1)
    assert again == IngestCounts(known_files=1)
    assert len(events(store)) == len(rejected(store)) == 1


def test_ids_carry_the_cell_and_grow_over_both_queues(ingest: Ingest, store: StoreFile, account: Account) -> None:
    ingest([GOOD | {"id": "1"}, GOOD | {"id": "2"}], name="a.ndjson")
    ingest([GOOD | {"id": "3"}], name="b.ndjson", queue="rt")
    first = account.cell_id * 2**56 + 1
    assert [event["event_id"] for event in events(store)] == [first, first + 1, first + 2]


def test_the_largest_cell_fits_a_signed_64_bit_id(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(GOOD))
    ingest_file(settings, Account(name="last", cell_id=127), path, queue="rt", now=NOW)
    assert events(StoreFile(settings.account_store("last"), "account"))[0]["event_id"] == 127 * 2**56 + 1


def test_an_unreadable_file_goes_to_rejected_beside_its_reason(ingest: Ingest, tmp_path: Path) -> None:
    counts = ingest(['<!DOCTYPE x [<!ENTITY a "b">]><rtEvent type="t" email="a@b.c"/>'], name="bomb.xml")
    assert counts == IngestCounts(unreadable_files=1)
    assert not (tmp_path / "bomb.xml").exists()
    assert (tmp_path / "rejected" / "bomb.xml").exists()
    assert "DTD" in (tmp_path / "rejected" / "bomb.xml.reason.txt").read_text()


def test_a_file_of_the_inbox_is_put_away_once_it_is_stored(
    settings: Settings, account: Account, store: StoreFile
) -> None:
    inbox = settings.inbox(account.name, "rt")
    inbox.mkdir(parents=True)
    (inbox / "a.ndjson").write_text(json.dumps(GOOD))
    ingest_file(settings, account, inbox / "a.ndjson", queue="rt", now=NOW)
    assert [path.name for path in inbox.iterdir()] == ["done"]
    assert len(events(store)) == 1


def test_conservation_holds_and_a_lost_event_is_seen(ingest: Ingest, store: StoreFile) -> None:
    ingest([GOOD, GOOD, "bad", GOOD | {"id": "x"}])
    assert balance(store).holds
    with writing(store, purpose="losing an event") as session:
        session.connection.execute("delete from event where event_key = 'x'")
    assert not balance(store).holds


def test_nothing_is_read_of_an_empty_file(ingest: Ingest, store: StoreFile) -> None:
    counts = ingest([""], name="empty.ndjson")
    assert (counts.files, counts.rows) == (1, 0)
    assert events(store) == []


def test_a_file_name_of_any_bytes_is_taken_in(settings: Settings, account: Account, store: StoreFile) -> None:
    inbox = settings.inbox(account.name, "batch")
    inbox.mkdir(parents=True)
    path = Path(os.fsdecode(os.fsencode(inbox) + b"/\xff'; drop table event.ndjson"))
    path.write_text(json.dumps(GOOD))
    ingest_file(settings, account, path, queue="batch", now=NOW)
    assert [event["source_file"] for event in events(store)] == ["\\xff'; drop table event.ndjson"]
