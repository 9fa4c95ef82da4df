"""Events over HTTP: durable before they are answered, the same as from a file, each costing itself only."""

import asyncio
import base64
import json
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from intake_service import RunningIntake
from lives import collect, process, publish, rows_of, update

from tasks.contracts.vocabulary import CELL_SIZE
from tasks.deliver_events import deliver_events
from tasks.exchange.intake.tokens import end_tokens, load_tokens, new_token
from tasks.store.connection import writing
from tasks.take_in_files import ingest_files

ORDER: dict[str, Any] = {"type": "order", "email": "ada@example.org", "ctx": {"total": 1.50, "name": "Ada"}}
CLOUD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "shop",
    "type": "order",
    "data": {"email": "ada@example.org"},
}


def test_an_event_is_answered_with_its_id_and_followed_to_its_end(service: RunningIntake, tmp_path: Path) -> None:
    run = service.run
    publish(run, [{"template_id": "t"}], at=datetime(2026, 1, 1, tzinfo=UTC))
    answer = service.client.post("/accounts/alpha/events", json=ORDER)
    assert answer.status_code == 202
    (event,) = answer.json()["events"]
    event_id = int(event["event_id"])
    assert event_id // CELL_SIZE == 3
    waits = service.client.get(f"/events/{event_id}").json()
    assert (waits["status"], waits["queue"], [entry["what"] for entry in waits["history"]]) == (
        "pending", "rt", ["received"],
    )  # fmt: skip
    assert ingest_files(run, "rt").accepted == 1
    assert rows_of(run, "select event_id, queue, event_type, ctx::varchar from event") == [
        (event_id, "rt", "order", '{"total":1.5,"name":"Ada"}')
    ]
    process(run, queue="rt")
    asyncio.run(deliver_events(run.settings, run.account, now=run.now))
    collect(run, [{"event_id": str(event_id), "kind": "delivered", "logged_at": "2026-11-26T12:00:00Z"}], tmp_path)
    update(run)
    told = service.client.get(f"/events/{event_id}").json()
    assert (told["status"], told["label"], told["template_id"]) == ("sent", "Sent", "t")
    assert {entry["what"] for entry in told["history"]} >= {"received", "processed", "delivered", "sent"}
    assert "ada@example.org" not in json.dumps(told)


def test_a_bad_row_costs_itself_only_and_a_call_of_bad_rows_is_refused(service: RunningIntake) -> None:
    answer = service.push(ORDER, {"type": "order"}, {"email": "x"}, {**ORDER, "email": "no address"})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["accepted"], told["rejected"]) == (1, 3)
    assert [event.get("error", {}).get("reason") for event in told["events"]] == [
        None, "no_address", "no_type", "malformed_address",
    ]  # fmt: skip
    refused = service.push({"type": "order"})
    assert (refused.status_code, refused.json()["rejected"]) == (422, 1)
    assert ingest_files(service.run, "rt").rejected == 0


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/cloudevents+json", json.dumps(CLOUD), 1),
        ("application/cloudevents-batch+json", json.dumps([{**CLOUD, "id": n} for n in "23"]), 2),
        ("application/x-ndjson", "\n".join(json.dumps({**ORDER, "id": f"line {n}"}) for n in range(3)) + "\n\n", 3),
        ("application/xml", '<batchEvent type="order" email="ada@example.org"><ctx><a>1</a></ctx></batchEvent>', 1),
        ("application/json; charset=utf-8", json.dumps({**ORDER, "id": "indented"}, indent=2), 1),
    ],
)
def test_every_format_of_a_call_is_read(shared: RunningIntake, kind: str, body: str, expected: int) -> None:
    answer = shared.client.post(
        "/accounts/alpha/events", content=body, headers={"content-type": kind}, params={"queue": "batch"}
    )
    assert (answer.status_code, answer.json()["accepted"]) == (202, expected), answer.text
    assert ingest_files(shared.run, "batch").accepted == expected


def test_a_cloud_event_in_binary_mode_is_the_one_in_structured_mode(service: RunningIntake) -> None:
    headers = {f"ce-{name}": str(value) for name, value in CLOUD.items() if name != "data"}
    binary = service.client.post("/accounts/alpha/events", json=CLOUD["data"], headers=headers).json()
    structured = service.client.post(
        "/accounts/alpha/events", json=CLOUD, headers={"content-type": "application/cloudevents+json"}
    ).json()
    assert structured["events"] == [{**binary["events"][0], "duplicate": True}]


def test_events_by_http_are_those_of_a_file(service: RunningIntake) -> None:
    events = [
        {**ORDER, "id": "a", "language": "fr_CA", "created": "2026-11-01T12:00:00+01:00", "colour": "red"},
        {"type": "code", "mobilePhone": "+49 (151) 123-45", "wished_channel": 1, "scheduled": "2026-12-01T00:00:00Z"},
        {"id": "b", "type": "order", "email": "ü@exämple.org", "ctx": {"text": 'a "b"\n\u2028 \\ {}', "n": [1, {}]}},
    ]
    assert service.push(*events).json()["accepted"] == 3
    assert ingest_files(service.run, "rt").accepted == 3
    columns = "select event_key, event_type, channel, email, mobile_phone, language, ctx::varchar, scheduled_at "
    by_http = rows_of(service.run, columns + "from event order by event_type, event_key")
    folder = service.run.settings.inbox("alpha", "batch")
    folder.mkdir(parents=True)
    (folder / "copies.json").write_text(json.dumps(events, ensure_ascii=False))
    counts = ingest_files(service.run, "batch")
    assert (counts.rows, counts.duplicates) == (3, 3)  # known by their keys, content keys too
    assert by_http[0][1:4] == ("code", "sms", None)
    assert json.loads(by_http[1][6]) == {"total": 1.5, "name": "Ada", "colour": "red"}
    assert json.loads(by_http[2][6]) == events[2]["ctx"]


def test_a_copy_gets_the_id_of_the_first_whether_it_came_by_http_or_before(service: RunningIntake) -> None:
    first = service.push({**ORDER, "id": "once"}).json()["events"][0]
    again = service.push({**ORDER, "id": "once"}, {**ORDER, "id": "once"}).json()
    assert again["duplicates"] == 2
    assert {event["event_id"] for event in again["events"]} == {first["event_id"]}
    folder = service.run.settings.inbox("alpha", "rt")
    (folder / "0.json").write_text(json.dumps({**ORDER, "id": "by file"}))
    assert ingest_files(service.run, "rt").accepted == 2
    late = service.push({**ORDER, "id": "by file"}).json()["events"][0]
    counts = ingest_files(service.run, "rt")
    assert (counts.accepted, counts.duplicates) == (0, 1)
    ((of_file,),) = rows_of(service.run, "select event_id from event where event_key = 'by file'")
    assert str(of_file) != late["event_id"]
    told = service.client.get(f"/events/{late['event_id']}").json()
    assert (told["event_id"], told["duplicate_of"], told["status"]) == (str(of_file), str(of_file), "pending")


def test_a_repeated_call_with_a_key_gets_the_first_answer_even_after_a_restart(
    serve: Callable[..., RunningIntake],
) -> None:
    service = serve()
    key = {"Idempotency-Key": "k1"}
    first = service.client.post("/accounts/alpha/events", json=ORDER, headers=key)
    assert service.stop() in {0, -signal.SIGTERM}
    service = serve()
    again = service.client.post("/accounts/alpha/events", json=ORDER, headers=key)
    assert (again.status_code, again.text) == (202, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = service.client.post("/accounts/alpha/events", json={**ORDER, "type": "other"}, headers=key)
    assert (other.status_code, other.json()["title"]) == (409, "The key is in use")
    assert ingest_files(service.run, "rt").rows == 1


def test_calls_side_by_side_are_durable_together_and_each_has_ids_of_its_own(service: RunningIntake) -> None:
    def call(number: int) -> list[str]:
        return [
            event["event_id"]
            for event in service.push(*({**ORDER, "id": f"{number}-{n}"} for n in range(5))).json()["events"]
        ]

    with ThreadPoolExecutor(20) as threads:
        ids = [event_id for answered in threads.map(call, range(60)) for event_id in answered]
    files = list(service.run.settings.inbox("alpha", "rt").glob("*.ndjson"))
    assert len(set(ids)) == 300
    assert len(files) < 60
    assert ingest_files(service.run, "rt").accepted == 300
    assert {str(row[0]) for row in rows_of(service.run, "select event_id from event")} == set(ids)


def test_nobody_waits_for_a_store_that_somebody_holds(service: RunningIntake) -> None:
    with writing(service.run.store, purpose="keeping everybody out"):
        answer = service.client.post("/accounts/alpha/events", json=ORDER, timeout=5)
        assert answer.status_code == 202
        event_id = answer.json()["events"][0]["event_id"]
        assert service.client.get(f"/events/{event_id}", timeout=5).json()["status"] == "pending"
        busy = service.client.get(f"/events/{int(event_id) + 1}", timeout=30)
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer nothing", 401), ("Basic bm90aGluZw==", 401), ("Bearer {beta}", 403), ("Basic {alpha}", 202)],
)
def test_a_call_needs_the_accounts_token(shared: RunningIntake, authorization: str | None, status: int) -> None:
    beta = new_token(shared.run.settings.tokens_path, "beta", now=datetime.now(UTC))
    basic = base64.b64encode(f"mc:{shared.token}".encode()).decode()
    headers = {"Authorization": authorization.format(beta=beta, alpha=basic)} if authorization else {}
    answer = httpx.post(f"{shared.url}/accounts/alpha/events", json=ORDER, headers=headers, trust_env=False)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(
        "application/problem+json" if status != 202 else "application/json"
    )


def test_a_revoked_token_opens_nothing_and_a_new_one_does_without_a_restart(service: RunningIntake) -> None:
    path = service.run.settings.tokens_path
    other = new_token(path, "alpha", now=datetime.now(UTC))
    assert service.token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert len(end_tokens(path, "alpha", at=datetime.now(UTC), only=[load_tokens(path)[0].token_id])) == 1
    assert service.push(ORDER).status_code == 401
    headers = {"Authorization": f"Bearer {other}"}
    assert service.client.post("/accounts/alpha/events", json=ORDER, headers=headers).status_code == 202


def test_limits_are_told_with_when_to_come_back(serve: Callable[..., RunningIntake]) -> None:
    service = serve(
        intake_max_body_bytes=2_000, intake_max_events=5, intake_max_waiting=3, intake_events_per_second=0.5
    )
    assert service.push({**ORDER, "ctx": {"text": "x" * 3_000}}).status_code == 413
    chunks = (b"x" * 1_000 for _ in range(5))
    assert service.client.post("/accounts/alpha/events", content=chunks).status_code == 413
    assert service.push(*[ORDER] * 6).status_code == 400
    assert service.push(*({**ORDER, "id": str(n)} for n in range(4))).status_code == 202
    time.sleep(1.1)
    full = service.push(ORDER)
    assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
    assert "queue is full (4/3)" in service.client.get("/nl/jsp/mcPing.jsp").text
    ingest_files(service.run, "rt")
    time.sleep(1.1)
    assert "0/3 pending events" in service.client.get("/nl/jsp/mcPing.jsp").text
    too_fast = service.push(*({**ORDER, "id": f"again {n}"} for n in range(5)))
    assert too_fast.status_code == 429
    assert int(too_fast.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"<a/>", "text/xml", 400),
        (b'<!DOCTYPE x [<!ENTITY e "x">]><rtEvent>&e;</rtEvent>', "text/xml", 400),
        (b"a,b", "text/csv", 415),
        (b'{"type": "order"} {', "application/json", 400),
        (b"1", "application/json", 422),
        (b'{"a":' * 2_000, "application/json", 400),
    ],
)
def test_a_body_that_cannot_be_read_is_told_so(shared: RunningIntake, content: bytes, kind: str, status: int) -> None:
    answer = shared.client.post("/accounts/alpha/events", content=content, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert shared.push(ORDER).status_code == 202
