"""Providers' own logs in a real store: dropped as they are, known by our event id or by the provider's."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lives import ingest, process, publish, rows_of, statuses, update
from log_cases import of_payload
from provider_payloads import EXIM, MAIL, PAYLOADS, POSTFIX, WITHOUT_EVENT_ID, dsn

from tasks.account_run import AccountRun
from tasks.collect_delivery_logs import CollectCounts, collect_delivery_log, find_delivery_logs
from tasks.contracts.provider_logs import LOG_FORMATS
from tasks.contracts.providers.known import FORMATS
from tasks.contracts.vocabulary import KINDS
from tasks.transforms.collect_delivery_logs import normalise_log

TEXT_LOGS = {"postfix", "exim", "dsn"}


@pytest.fixture
def event_id(run: AccountRun, tmp_path: Path) -> str:
    """An event pending delivery."""
    publish(run, [{"template_id": "t"}])
    ingest(run, [{"id": "1", "type": "order", "email": MAIL}], tmp_path)
    process(run)
    return str(rows_of(run, "select event_id from event")[0][0])


def collected(run: AccountRun, name: str, content: str | bytes, **given: Any) -> CollectCounts:
    path = run.settings.delivery_log_inbox(run.account.name) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert find_delivery_logs(run.settings, run.account) == [path]
    return collect_delivery_log(run.settings, run.account, path, now=run.now, **given)


def test_every_format_can_be_asked_for_and_has_a_payload_here() -> None:
    assert set(LOG_FORMATS) == {"auto", "canonical", *FORMATS, *TEXT_LOGS}
    assert set(FORMATS) == {*PAYLOADS, *WITHOUT_EVENT_ID}
    for known in FORMATS.values():
        assert set(known.kinds.values()) <= {*KINDS, None}, known.name


@pytest.mark.parametrize("provider", PAYLOADS)
def test_what_a_provider_posts_decides_on_our_event(run: AccountRun, event_id: str, provider: str) -> None:
    counts = collected(run, "log.json", json.dumps(PAYLOADS[provider](event_id)))
    assert (counts.rows, counts.stored, counts.parked, counts.rejected) == (1, 1, 0, 0)
    update(run)
    assert statuses(run)["1"][0] == "sent"
    assert rows_of(run, "select provider, kind from delivery_log") == [(provider, "delivered")]


@pytest.mark.parametrize("provider", WITHOUT_EVENT_ID)
def test_a_message_known_by_the_providers_id_alone_waits_for_it(run: AccountRun, provider: str) -> None:
    counts = collected(run, "log.ndjson", json.dumps(WITHOUT_EVENT_ID[provider]))
    assert (counts.rows, counts.stored, counts.parked, counts.rejected) == (1, 1, 1, 0)
    (row,) = of_payload(WITHOUT_EVENT_ID[provider]).iter_rows(named=True)
    assert (row["provider"], row["kind"], row["provider_message_id"]) == (provider, "delivered", "m1")


def test_a_file_may_hold_the_payloads_of_many_and_canonical_rows(run: AccountRun, event_id: str) -> None:
    lines = [payload(event_id) for payload in PAYLOADS.values()]
    lines.append({"event_id": event_id, "kind": "opened", "logged_at": "2025-11-23T13:00:00Z"})
    lines.append({"neither": "this nor that"})
    counts = collected(run, "log.ndjson.gz", gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    assert (counts.rows, counts.stored + counts.duplicates, counts.rejected) == (len(lines), len(lines) - 1, 1)
    assert rows_of(run, "select line, reason from rejected_delivery_log") == [(len(lines), "no_event")]


@pytest.mark.parametrize(
    ("name", "content", "provider"),
    [
        ("mail.log", POSTFIX, "postfix"),
        ("postfix", "noise\n" + POSTFIX, "postfix"),
        ("mail.log.gz", gzip.compress(POSTFIX.encode()), "postfix"),
        ("main.log", EXIM, "exim"),
        ("bounce.eml", dsn("1"), "dsn"),
        ("bounces.mbox", f"From a@b Sun Nov 23 12:00:00 2025\n{dsn('1')}\nFrom a@b Sun Nov 23 2025\n{dsn('2')}", "dsn"),
    ],
)
def test_logs_of_mail_servers_and_bounces_are_known_by_their_look(
    run: AccountRun, name: str, content: str | bytes, provider: str
) -> None:
    counts = collected(run, name, content)
    assert counts.stored == (max(1, content.count("X-Event-ID")) if isinstance(content, str) else 1)
    assert set(rows_of(run, "select provider, recipient from delivery_log")) == {(provider, MAIL)}


def test_a_bounce_mail_fails_its_event_and_a_mail_that_is_none_is_rejected(run: AccountRun, event_id: str) -> None:
    assert collected(run, "one.eml", dsn(event_id)).stored == 1
    update(run)
    assert statuses(run)["1"] == ("delivery_failed", "5.1.1 smtp; 550 5.1.1 no such user")
    counts = collected(run, "two.eml", "From: ann@example.net\nSubject: Lunch?\n\nAt one?\n")
    assert (counts.rows, counts.rejected) == (1, 1)
    assert rows_of(run, "select reason, detail from rejected_delivery_log") == [
        ("unparseable", "no report of a delivery, and no bounce that is known")
    ]


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [("failed", "5.1.1", "bounced"), ("failed", "4.2.2", "soft_bounced"), ("delayed", "4.4.1", "deferred"),
     ("delivered", "2.0.0", "delivered"), ("relayed", "2.0.0", "accepted")],
)  # fmt: skip
def test_a_report_says_what_happened(run: AccountRun, event_id: str, action: str, status: str, kind: str) -> None:
    collected(run, "one.eml", dsn(event_id, action=action, status=status))
    assert rows_of(run, "select kind, recipient, provider_message_id from delivery_log") == [
        (kind, MAIL, "m1@example.com")
    ]


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("Reporting-MTA: dns; mx.example.org", "Reporting-MTA: dns; mx.example.org\nOriginal-Envelope-Id: {}"),
        ("To: bounce@example.com", "To: bounces+{}@example.com"),
        ("To: bounce@example.com", "Delivered-To: bounces+{}@example.com\nTo: x@y"),
    ],
)
def test_a_bounce_that_brings_nothing_back_is_known_by_its_envelope(
    run: AccountRun, event_id: str, said: str, instead: str
) -> None:
    mail = dsn(event_id).replace(f"X-Event-ID: {event_id}\n", "").replace("Message-ID: <m1@example.com>\n", "")
    assert collected(run, "bare.eml", mail).rejected == 1
    assert collected(run, "one.eml", mail.replace(said, instead.format(event_id))).stored == 1
    assert rows_of(run, "select event_id::varchar, kind from delivery_log") == [(event_id, "bounced")]


def test_a_format_that_is_named_is_not_guessed_at(run: AccountRun, event_id: str) -> None:
    payload = json.dumps(PAYLOADS["twilio"](event_id))
    assert collected(run, "a.json", payload, log_format="canonical").rejected == 1
    assert collected(run, "b.json", payload + " ", log_format="twilio").stored == 1


def test_one_payload_may_be_about_many_recipients() -> None:
    bounced = [{"emailAddress": f"{name}@example.org", "diagnosticCode": f"550 {name}"} for name in "abc"]
    said = {
        "eventType": "Bounce",
        "mail": {"messageId": "m"},
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": bounced},
    }
    rows = of_payload(said)
    assert rows.select("recipient", "kind", "reason").rows() == [
        (f"{name}@example.org", "bounced", f"550 {name}") for name in "abc"
    ]


def test_a_payload_that_has_the_marks_of_two_is_of_the_one_whose_marks_say_more() -> None:
    clicked = {
        "eventType": "clicked",
        "messageUuid": "u",
        "recipient": MAIL,
        "occurredAt": "2025-11-23T12:00:00Z",
        "payload": {"message": {"headers": {}}},
    }
    assert of_payload(clicked).select("provider", "kind").rows() == [("mailomat", "clicked")]


def test_kinds_nobody_knows_are_kept_as_unknown_with_their_word_and_pings_are_no_rows() -> None:
    strange = {"RecordType": "Telepathy", "MessageID": "m", "Recipient": MAIL, "ReceivedAt": "2025-11-23T12:00:00Z"}
    assert of_payload(strange).select("kind", "reason").rows() == [("unknown", "Telepathy")]
    pings = [[{"msys": {}}], {"Type": "SubscriptionConfirmation", "TopicArn": "a", "Message": "You have chosen ..."}]
    assert of_payload(*pings).is_empty()


def test_a_time_is_read_however_it_is_written() -> None:
    written = ["2025-11-23T07:00:00.1234567-05:00", 1763899200, 1763899200.5, "1763899200", 1763899200000, "soon", None]
    payloads = [{"event": "open", "email": MAIL, "sg_message_id": "m", "timestamp": at} for at in written]
    rows = normalise_log(of_payload(*payloads))
    times = [f"{at:%H:%M:%S.%f}" for at in rows.rows["logged_at"]]
    assert times == [
        "12:00:00.123456",
        "12:00:00.000000",
        "12:00:00.500000",
        "12:00:00.000000",
        "12:00:00.000000",
        "12:00:00.000000",
    ]
    assert rows.rejected.select("line", "reason").rows() == [(6, "impossible_date")]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*PAYLOADS, *WITHOUT_EVENT_ID]), st.data())
def test_whatever_stands_in_a_payload_it_comes_to_rows_or_rejects(provider: str, data: st.DataObject) -> None:
    payload = PAYLOADS[provider]("7") if provider in PAYLOADS else WITHOUT_EVENT_ID[provider]
    spoiled = spoil(json.loads(json.dumps(payload)), data)
    normal = normalise_log(of_payload(spoiled, payload))
    assert normal.rows.height + normal.rejected.height >= 1
    assert normal.rows.filter(pl.col("line") == 2)["kind"].to_list() == ["delivered"]


def spoil(value: Any, data: st.DataObject) -> Any:
    """Puts anything in the place of something."""
    if isinstance(value, dict | list) and value and data.draw(st.integers(0, 3)):
        where = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        value[where] = spoil(value[where], data)
        return value
    return data.draw(ANY_JSON)


def test_large_lists_and_deep_nesting_cost_no_more_than_themselves() -> None:
    many = [{"event": "open", "email": MAIL, "sg_message_id": str(n), "timestamp": 1763899200} for n in range(20_000)]
    assert of_payload(many).height == 20_000
    deep = '{"RecordType":' * 5_000 + "1" + "}" * 5_000
    assert of_payload(deep, PAYLOADS["postmark"]("7")).filter(pl.col("kind") == "delivered").height == 1
