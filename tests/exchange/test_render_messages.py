"""Templates and data, and the messages they make."""

import json
from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.deliver_events import DeliverableEvent, MessageTemplate, RenderedMessage
from tasks.exchange.sending.fill_in_messages import fill_in_messages, paths_to_fill_in, plain_texts
from tasks.exchange.sending.render_messages import render_messages
from tasks.store.json_values import json_values


def events(*contexts: Any, channel: str = "email") -> dy.DataFrame[DeliverableEvent]:
    """Events 1, 2, ... with these contexts, objects or JSON text."""
    texts = [context if isinstance(context, str) else json.dumps(context) for context in contexts]
    return DeliverableEvent.validate(
        pl.DataFrame({"ctx": texts}).select(
            event_id=pl.int_range(1, pl.len() + 1),
            event_key=pl.format("key-{}", pl.int_range(1, pl.len() + 1)),
            delivery_id=pl.lit(7),
            queue=pl.lit("batch"),
            event_type=pl.lit("order"),
            channel=pl.lit(channel),
            email=pl.lit("ann@example.net"),
            mobile_phone=pl.lit("+4915112345"),
            registration_token=pl.lit(None),
            language=pl.lit("fr-CA"),
            country=pl.lit(None),
            external_id=pl.lit("x-1"),
            origin=pl.lit(None),
            created_at=pl.lit(datetime(2026, 11, 23, tzinfo=UTC)),
            expires_at=pl.lit(None),
            error_count=pl.lit(0),
            ctx="ctx",
        ),
        cast=True,
    )


def template(
    subject: str | None = "s", body_text: str | None = None, body_html: str | None = None, sender: str | None = None
) -> dy.DataFrame[MessageTemplate]:
    row = {
        "delivery_id": 7,
        "template_id": "t",
        "version": 1,
        "subject": subject,
        "body_text": body_text,
        "body_html": body_html,
        "sender": sender,
    }
    return MessageTemplate.validate(pl.DataFrame([row]), cast=True)


def rendered(
    made: dy.DataFrame[DeliverableEvent], source: dy.DataFrame[MessageTemplate]
) -> dy.DataFrame[RenderedMessage]:
    plain = plain_texts(made, source)
    filled = fill_in_messages(made, plain, json_values(made["ctx"], paths_to_fill_in(plain)))
    return render_messages(made, source, filled)


def one(ctx: Any, source: dy.DataFrame[MessageTemplate], *, channel: str = "email") -> dict[str, Any]:
    return rendered(events(ctx, channel=channel), source).row(0, named=True)


ORDER = {"order": {"id": 7, "lines": [{"sku": "a"}, {}]}, "name": "Ann", "none": None, "list": [1], "text": "x"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ ctx.order.id }} {{ order.id }} {{ rtEvent.ctx.order.id }} {{ batchEvent.ctx.order.id }}", "7 7 7 7"),
        (
            "{{ event.email }} {{ rtEvent.mobilePhone }} {{ event.mobile_phone }}",
            "ann@example.net +4915112345 +4915112345",
        ),
        (
            "{{ rtEvent.type }} {{ event.event_type }} {{ rtEvent.externalId }} {{ event.event_id }}",
            "order order x-1 1",
        ),
        ("{{ event.created_at.strftime('%d.%m.%Y') }}", "23.11.2026"),
        ("[{{ none }}{{ event.country }}]", "[]"),
        ("{{ missing | default('friend') }} {{ ctx.missing is defined }}", "friend False"),
        ("{% for key in ctx.items() %}{{ key[0] }} {% endfor %}.", "order name none list text ."),
        ("{% if ctx.items is defined %}yes{% else %}no{% endif %}", "no"),
        ("{{ '-' * 3 }}{{ 2 ** 3 }}{{ range(3) | list }}", "---8[0, 1, 2]"),
        ("{% set greeting = 'Hi ' ~ name %}{{ greeting }}", "Hi Ann"),
    ],
)
def test_a_template_sees_the_data_under_every_name_teams_use(body: str, text: str) -> None:
    message = one(ORDER, template(body_text=body))
    assert (message["body_text"], message["problem"]) == (text, None)


def test_fields_named_like_methods_of_dictionaries_are_fields() -> None:
    assert (
        one({"items": [1, 2], "get": "g"}, template(body_text="{{ ctx.items }}{{ ctx.get }}"))["body_text"] == "[1, 2]g"
    )
    assert one({"items": [1]}, template(body_text="{{ ctx['items'] }}"))["body_text"] == "[1]"


def test_fields_never_hide_the_event_or_its_data() -> None:
    message = one({"event": "x", "ctx": "y", "rtEvent": 1}, template(body_text="{{ event.event_id }} {{ ctx.event }}"))
    assert message["body_text"] == "1 x"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ ctx.basket.id }}", "missing_variable: ctx.basket"),
        ("{{ ctx.order.date }}", "missing_variable: ctx.order.date"),
        ("{{ order.date.day }}", "missing_variable: ctx.order.date"),
        ("{{ rtEvent.ctx.order.date }}", "missing_variable: ctx.order.date"),
        ("{{ rtEvent.colour }}", "missing_variable: event.colour"),
        ("{{ basket }}", "missing_variable: basket"),
        ("{{ ctx['basket'] }}", "missing_variable: ctx.basket"),
        ("{{ ctx.list[3] }}", "missing_variable: ctx.list[3]"),
        ("{% for line in order.lines %}{{ line.sku }}{% endfor %}", "missing_variable: ctx.order.lines[1].sku"),
        ("{% for item in ctx.items %}{{ item }}{% endfor %}", "missing_variable: ctx.items"),
        ("{{ ctx.keys }}", "missing_variable: ctx.keys"),
        ("{{ ctx['values'] }}", "missing_variable: ctx.values"),
        ("{{ text.id }}", "missing_variable: id"),
        ("{{ basket(1) }}", "missing_variable: basket"),
        ("{% if ctx.vip %}x{% endif %}", "missing_variable: ctx.vip"),
    ],
)
def test_a_missing_variable_is_named(body: str, problem: str) -> None:
    message = one(ORDER, template(body_text=body))
    assert (message["problem"], message["body_text"]) == (problem, None)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ ctx.__init__.__globals__ }}", "access to attribute '__init__' of 'dict' object is unsafe."),
        ("{{ '{0.__class__}'.format(ctx) }}", "access to attribute '__class__' of 'dict' object is unsafe."),
        ("{{ ctx.update({'a': 1}) }}", "access to attribute 'update' of 'dict' object is unsafe."),
        ("{{ ctx.list.append(1) }}", "access to attribute 'append' of 'list' object is unsafe."),
        (
            "{{ (ctx.items | attr('__call__')).__self__ }}",
            "access to attribute '__call__' of '_MissingOrMethod' object is unsafe.",
        ),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "OverflowError: Range too big"),
        ("{{ 'x' * 10 ** 9 }}", "a text grew beyond 5,000,000 characters"),
        ("{{ 9 ** 99 ** 99 ** 99 }}", "a power grew beyond 100,000 bits"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}xxxxxxxx{% endfor %}{% endfor %}", "a text grew beyond"),
        ("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}", "RecursionError"),
        ("{{ text + 1 }}", "TypeError: can only concatenate str"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ [] | first }}", "No first item, sequence was empty."),
        ("{% include 'passwd' %}", "TypeError: no loader"),
        ("{{ open", "unexpected end of template"),
        ("{{ text | nonsense }}", "No filter named 'nonsense'"),
    ],
)
def test_whatever_a_template_does_costs_its_message_only(body: str, problem: str) -> None:
    message = one(ORDER, template(body_text=body))
    assert message["problem"].startswith(f"render_error: {problem}")
    assert message["body_text"] is None


def test_a_missing_variable_costs_only_its_own_event() -> None:
    messages = rendered(events({"a": 1}, {}, {"a": 3}), template(body_text="{{ ctx.a }}"))
    assert messages.select("event_id", "body_text", "problem").rows() == [
        (1, "1", None),
        (2, None, "missing_variable: ctx.a"),
        (3, "3", None),
    ]


def test_data_is_never_a_template() -> None:
    ctx = {"a": "{{ 7 * 7 }}{% for x in y %}", "subject": "{{ ctx }}"}
    message = one(ctx, template("{{ ctx.subject }}", "{{ ctx.a }}", "{{ ctx.a }}"))
    assert message["subject"] == "{{ ctx }}"
    assert message["body_text"] == message["body_html"] == "{{ 7 * 7 }}{% for x in y %}"


def test_values_are_escaped_in_html_and_only_there() -> None:
    ctx = {"name": "<script>alert('&\"')</script>"}
    message = one(ctx, template("{{ name }}", "{{ name }}", "<b>{{ name }}</b>"))
    assert message["subject"] == message["body_text"] == ctx["name"]
    assert message["body_html"] == "<b>&lt;script&gt;alert(&#39;&amp;&#34;&#39;)&lt;/script&gt;</b>"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
def test_no_value_breaks_out_of_html_or_of_the_subject_line(value: str) -> None:
    message = one({"value": value}, template("-{{ value }}-", "-{{ value }}-", '<a title="{{ value }}">'))
    inner = message["body_html"].removeprefix('<a title="').removesuffix('">')
    assert not set(inner) & set("<>\"'")
    assert message["subject"].isprintable() or len(message["subject"].splitlines()) == 1
    assert not set(message["subject"]) & {chr(code) for code in (*range(32), 0x7F, 0x85, 0x2028, 0x2029)}
    assert message["body_text"] == f"-{value}-"


@pytest.mark.parametrize(
    "text", ["Hi\r\nBcc: all@example.net", "Hi\nBcc: all@example.net", " Hi\x00Bcc: all@example.net\n"]
)
def test_a_subject_is_one_line(text: str) -> None:
    assert one({"t": text}, template("{{ ctx.t }}", "b"))["subject"] == "Hi Bcc: all@example.net"


def test_half_characters_are_replaced_rather_than_lose_the_message() -> None:
    message = one('{"name": "\\ud83d Ann \\ud83d\\ude00"}', template("é{{ name }}", "{{ name }}"))
    assert message["body_text"] == "\ufffd Ann \U0001f600"
    assert one("{}", template("s", "{{ ctx['\ufffd'] }}"))["problem"] == "missing_variable: ctx.\ufffd"


@pytest.mark.parametrize("ctx", ["[" * 100_000, "[1]", '"text"'])
def test_data_that_is_no_object_costs_its_message_only(ctx: str) -> None:
    messages = rendered(events(ctx, {}), template(body_text="hello"))
    assert messages["problem"][0].startswith("render_error: ")
    assert messages["problem"][1] is None


@pytest.mark.parametrize(
    ("channel", "source", "text", "html", "problem"),
    [
        ("email", template(body_text="t", body_html="h"), "t", "h", None),
        ("email", template(body_html="h"), None, "h", None),
        ("email", template(body_text="{{ none }} \n", body_html="h"), None, "h", None),
        ("email", template(), None, None, "no_content"),
        ("email", template(body_text=" "), None, None, "no_content"),
        ("sms", template(body_text="t", body_html="{{ missing }}"), "t", None, None),
        ("sms", template(body_html="h"), None, None, "no_content"),
        ("ios", template(body_text="t"), None, None, "no_address"),
    ],
)
def test_a_message_has_the_body_of_its_channel_or_none(
    channel: str, source: dy.DataFrame[MessageTemplate], text: str | None, html: str | None, problem: str | None
) -> None:
    message = one({"none": None}, source, channel=channel)
    assert (message["body_text"], message["body_html"], message["problem"]) == (text, html, problem)


def test_a_lost_template_costs_the_messages_of_its_delivery() -> None:
    messages = rendered(events({}, {}), template().clear())
    assert set(messages["problem"]) == {"render_error: the delivery's template is not in the store"}


def test_messages_go_to_the_address_of_their_channel_from_the_templates_sender() -> None:
    message = one({}, template(body_text="t", sender="shop@example.net"), channel="sms")
    assert (message["recipient"], message["sender"]) == ("+4915112345", "shop@example.net")
    assert rendered(events(), template()).columns == RenderedMessage.column_names()
