"""Message Center's SOAP calls, by a client that made itself from our WSDL, and by envelopes as its pages show them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
import zeep
from intake_service import RunningIntake
from lives import collect, publish, rows_of, update
from lxml import etree
from zeep.exceptions import Fault

from tasks.archive_events import archive_events
from tasks.process_events import process_queue
from tasks.store.connection import StoreFile, reading

PUBLISHED = datetime(2026, 1, 1, tzinfo=UTC)


def client(service: RunningIntake, schema: str = "nms:rtEvent") -> Any:
    made = zeep.Client(f"{service.url}/nl/jsp/schemawsdl.jsp?schema={schema}")
    made.transport.session.trust_env = False
    return made.service


def element(name: str = "rtEvent", **attributes: str) -> Any:
    made = etree.Element(name, {"type": "order", "email": "ada@example.org", **attributes})
    etree.SubElement(etree.SubElement(made, "ctx"), "firstName").text = "Ada & <Co>"
    return made


def collection(*events: Any, name: str = "rtEventCollection") -> Any:
    made = etree.Element(name)
    made.extend(events)
    return {"_value_1": [made]}


def envelope(method: str, inside: str, schema: str = "rtEvent", *, token: str = "{token}") -> str:  # noqa: S107 # none
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:urn="urn:nms:{schema}"><soapenv:Header/><soapenv:Body><urn:{method}>'
        f"<urn:sessiontoken>{escape(token)}</urn:sessiontoken>{inside}</urn:{method}></soapenv:Body></soapenv:Envelope>"
    )


def test_what_a_generated_client_pushes_ends_up_archived_as_sent(service: RunningIntake, tmp_path: Path) -> None:
    run = service.run
    publish(run, [{"template_id": "t"}], at=PUBLISHED)
    one = client(service).PushEvent(service.token, {"_value_1": [element(externalId="x-1")]})
    answered = client(service, "nms:batchEvent").PushEvents(
        f"mc/{service.token}",
        collection(*(element("batchEvent", id=str(n)) for n in range(3)), name="batchEventCollection"),
    )
    many = [int(each.get("id")) for each in answered[0]]
    assert one > 0
    assert len(many) == 3
    for queue in ("rt", "batch"):
        asyncio.run(process_queue(run, queue, deliver=True, ingest=True))
    ids = [one, *many]
    collect(
        run, [{"event_id": str(i), "kind": "delivered", "logged_at": "2026-11-26T12:00:00Z"} for i in ids], tmp_path
    )
    update(run)
    archive_events(run.settings, run.account, now=run.now)
    with reading(StoreFile(run.settings.control_store, "control")) as session:
        archived = session.connection.execute(
            "select event_id, status, queue, ctx->>'$.firstName' from event order by event_id"
        ).fetchall()
    assert sorted(archived) == sorted((i, "sent", "rt" if i == one else "batch", "Ada & <Co>") for i in ids)


def test_a_collection_of_one_is_taken_and_what_is_wrong_costs_itself_only(shared: RunningIntake) -> None:
    push = client(shared).PushEvents
    (alone,) = push(shared.token, collection(element(id="alone")))[0]
    assert int(alone.get("id")) > 0
    good, bad = push(shared.token, collection(element(id="good"), element(email="nobody")))[0]
    assert int(good.get("id")) > 0
    assert (bad.get("id"), bad.get("error")) == ("0", "malformed_address: see docs/intake.md")
    with pytest.raises(Fault, match="malformed_address"):
        push(shared.token, collection(element(email="nobody")))
    with pytest.raises(Fault, match="unknown_channel"):
        client(shared).PushEvent(shared.token, {"_value_1": [element(wishedChannel="999")]})


def test_a_call_without_a_valid_token_is_told_in_the_products_words(shared: RunningIntake) -> None:
    for token in ("", "mc/wrong", "wrong"):
        with pytest.raises(Fault, match="Session has expired or is invalid"):
            client(shared).PushEvent(token, {"_value_1": [element()]})


def test_a_session_is_opened_by_logon(shared: RunningIntake) -> None:
    logon = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Logon xmlns="urn:xtk:session">'
        "<sessiontoken/><strLogin>mc</strLogin><strPassword>{}</strPassword><elemParameters/></Logon></e:Body></e:Envelope>"
    )
    answer = shared.client.post("/nl/jsp/soaprouter.jsp", content=logon.format(shared.token))
    assert f"<pstrSessionToken>{shared.token}</pstrSessionToken>" in answer.text
    assert shared.client.post("/nl/jsp/soaprouter.jsp", content=logon.format("wrong")).status_code == 500


def test_envelopes_as_the_products_pages_show_them_are_taken(service: RunningIntake) -> None:
    event = '<rtEvent type="test" email="x@example.com"><ctx><firstName>ABC</firstName></ctx></rtEvent>'
    body = envelope("PushEvent", f"<urn:domEvent>{event}</urn:domEvent>", token=f"mc/{service.token}")
    answer = service.client.post(
        "/nl/jsp/soaprouter.jsp", content=body, headers={"SOAPAction": "nms:rtEvent#PushEvent"}
    )
    assert answer.status_code == 200
    event_id = answer.text.partition("<plId>")[2].partition("</plId>")[0]
    asyncio.run(process_queue(service.run, "rt", deliver=False, ingest=True))
    assert rows_of(service.run, "select event_id::varchar, event_type, ctx::varchar from event") == [
        (event_id, "test", '{"firstName":"ABC"}')
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "not well-formed"),
        ("<a/>", "no SOAP 1.1 envelope"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "not well-formed"),
        (envelope("PullEvent", ""), "There is no method PullEvent on urn:nms:rtEvent"),
        (envelope("PushEvent", "", "recipient"), "There is no method PushEvent on urn:nms:recipient"),
        (envelope("PushEvent", "<urn:domEvent/>"), "holds no rtEvent"),
        (
            envelope("PushEvent", '<rtEvent type="a" email="a@b.org"/><rtEvent type="b" email="a@b.org"/>'),
            "PushEvent takes one event, and the call holds 2",
        ),
    ],
)
def test_what_cannot_be_done_is_a_fault(shared: RunningIntake, body: str, fault: str) -> None:
    answer = shared.client.post("/nl/jsp/soaprouter.jsp", content=body.replace("{token}", shared.token))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/xml; charset=utf-8")
    assert fault in etree.fromstring(answer.content).findtext(".//faultstring")


def test_there_is_no_description_of_other_schemas(shared: RunningIntake) -> None:
    answer = shared.client.get("/nl/jsp/schemawsdl.jsp", params={"schema": "nms:recipient"})
    assert (answer.status_code, answer.json()["title"]) == (404, "There is no such thing")
