"""SQL, format and template marks in every text field there is, through the whole life: stored, and nothing more."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from lives import collect, deliver, ingest, process, publish, rows_of, update

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import archive_events
from tasks.check_conservation import check_conservation
from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import DeliveryLogRow
from tasks.contracts.ingest_events import AcceptedEvent
from tasks.contracts.publish_templates import TemplateSource
from tasks.purge_events import purge_events
from tasks.settings import Settings
from tasks.store import reports
from tasks.store.connection import StoreFile
from tasks.store.event_story import event_story
from tasks.store.published import query_published
from tasks.transforms.ingest_events import PHONE_PUNCTUATION

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAYLOADS = (
    "'); drop table event; --",
    '" or 1 = 1; delete from event; --',
    "$$; attach '/etc/passwd' as x; $now $1 ?",
    "%s %(now)s {0} {now} ${home} {{ 7 * 7 }} {% raw %}",
    "\\'; copy event to '/tmp/x'; /*",
)
EVENT_FIELDS = {
    "event_key": "id", "event_type": "type", "email": "email", "mobile_phone": "mobilePhone", "country": "country",
    "registration_token": "registrationToken", "language": "language", "external_id": "externalId", "origin": "origin",
    "ctx": "ctx",
}  # fmt: skip
LOG_FIELDS = ("provider_message_id", "recipient", "reason", "provider", "source_id", "url", "user_agent")
TEMPLATE_FIELDS = (
    "template_id", "event_type", "language", "condition", "subject", "body_text", "body_html", "sender",
)  # fmt: skip


def texts(schema: type[dy.Schema]) -> set[str]:
    return {name for name, column in schema.columns().items() if isinstance(column, dy.String)}


def test_every_text_field_is_among_those_that_are_tried() -> None:
    assert set(EVENT_FIELDS) == texts(AcceptedEvent)
    assert set(LOG_FIELDS) == texts(DeliveryLogRow)
    assert set(TEMPLATE_FIELDS) == texts(TemplateSource)


def event(number: int, field: str, payload: str) -> dict[str, Any]:
    given: Any = {payload: payload} if field == "ctx" else payload
    return {"id": f"e{number}", "type": "order", "email": "ada@example.org"} | {EVENT_FIELDS[field]: given}


def template(number: int, field: str, payload: str) -> dict[str, Any]:
    quoted = payload.replace("'", "''")
    odd = {
        "condition": f"ctx.a = '{quoted}' or 1 = 1",
        "subject": f"{{{{ {json.dumps(payload)} }}}}",
        "body_text": f"{{{{ {json.dumps(payload)} }}}}",
        "body_html": f"{{{{ {json.dumps(payload)} }}}}",
    }.get(field, payload)
    return {"template_id": f"t{number}", "event_type": "order", "subject": "Hello"} | {field: odd}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> AccountRun:
    """An account through whose whole life the payloads went, in every field."""
    tmp_path = tmp_path_factory.mktemp("lived")
    run = run_on(Settings(home=tmp_path / "home"), Account(name="alpha", cell_id=3), NOW)
    tried = list(enumerate(product(TEMPLATE_FIELDS, PAYLOADS)))
    publish(run, [template(number, *one) for number, one in tried], at=run.now - timedelta(days=1))
    ingest(run, [event(number, *one) for number, one in enumerate(product(EVENT_FIELDS, PAYLOADS))], tmp_path)
    process(run)
    deliver(run)
    first = rows_of(run, "select min(event_id) from event where delivery_id is not null")[0][0]
    said = [
        {"event_id": first, "kind": "delivered", "logged_at": run.now.isoformat(), "source_id": f"s{number}"}
        | ({"kind": "clicked"} if field in {"url", "user_agent"} else {})
        | {field: payload}
        for number, (field, payload) in enumerate(product((*LOG_FIELDS, "kind", "event_id"), PAYLOADS))
    ]
    collect(run, said, tmp_path)
    update(run)
    archive_events(run.settings, run.account, now=run.now)
    return run


def test_what_texts_say_is_stored_and_not_done(lived: AccountRun) -> None:
    kept = {
        name: {row[0] for row in rows_of(lived, f"select {name} from event")}  # noqa: S608 # a name of the contract
        for name in EVENT_FIELDS
    }
    for name in set(EVENT_FIELDS) - {"email", "mobile_phone", "ctx"}:
        assert set(PAYLOADS) <= kept[name], name
    assert {re.sub(PHONE_PUNCTUATION, "", payload) for payload in PAYLOADS} <= kept["mobile_phone"]
    assert {json.dumps({payload: payload}) for payload in PAYLOADS} <= {
        json.dumps(json.loads(text)) for text in kept["ctx"]
    }
    rejected = rows_of(lived, "select reason, raw from rejected_event order by line")
    assert [(reason, json.loads(raw)["email"]) for reason, raw in rejected] == [
        ("malformed_address", payload) for payload in PAYLOADS
    ]
    for name in set(LOG_FIELDS) - {"recipient"}:
        logged = {row[0] for row in rows_of(lived, f"select {name} from delivery_log")}  # noqa: S608 # as above
        assert set(PAYLOADS) <= logged, name
    assert {reason for (reason,) in rows_of(lived, "select reason from rejected_delivery_log")} == {
        "malformed_event_id"
    }
    assert rows_of(lived, "select count(*) from template") == [(len(TEMPLATE_FIELDS) * len(PAYLOADS),)]
    assert check_conservation(lived.store)["events"].sum() == (len(EVENT_FIELDS) - 1) * len(PAYLOADS)
    assert purge_events(lived.settings, lived.account, now=NOW + timedelta(days=400), dry_run=True).dry_run


def test_who_looks_at_them_sees_them_as_they_are(lived: AccountRun) -> None:
    published = lived.settings.published_control
    seen = query_published(published, "select event_key, event_type, origin from event", limit=1_000)
    assert set(PAYLOADS) <= set(seen["event_key"]) & set(seen["event_type"]) & set(seen["origin"])
    control = StoreFile(lived.settings.control_store, "control", 5)
    for (event_id,) in rows_of(lived, "select event_id from event where event_key like '%drop table%' limit 3"):
        story = event_story(lived.store, control, event_id)
        assert any(payload in str(rows) for rows in story.values() for payload in PAYLOADS)
    for report in (reports.service_level, reports.processing_time, reports.event_history):
        for name in (None, *PAYLOADS):
            shown = report(published, account=name, from_at=None, to_at=NOW)
            assert isinstance(shown, pl.DataFrame)
            assert name is None or shown.is_empty() or shown["account"].unique().to_list() != ["alpha"]
