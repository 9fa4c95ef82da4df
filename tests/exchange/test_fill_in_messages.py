"""Messages filled in many at once, against the same messages made one by one."""

import json
from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.contracts.deliver_events import DeliverableEvent, MessageTemplate
from tasks.exchange.sending import fill_in_messages as module
from tasks.exchange.sending.fill_in_messages import fill_in_messages, paths_to_fill_in, plain_texts
from tasks.exchange.sending.render_messages import render_messages
from tasks.exchange.templates.plain_text import Field, Value, plain_text
from tasks.store.json_values import json_values

FIELDS: dict[str, Any] = {
    "event_key": "key & co",
    "queue": "batch",
    "event_type": "<order>",
    "mobile_phone": "+4915112345",
    "registration_token": None,
    "language": "fr-CA",
    "country": None,
    "external_id": "x-1",
    "origin": None,
    "created_at": datetime(2026, 11, 23, tzinfo=UTC),
    "expires_at": None,
    "error_count": 0,
}


def events(contexts: list[str], *, channel: str = "email", email: str | None = "ann@example.net") -> Any:
    rows = [
        {**FIELDS, "event_id": number, "delivery_id": 7, "channel": channel, "email": email, "ctx": ctx}
        for number, ctx in enumerate(contexts, 1)
    ]
    return DeliverableEvent.validate(pl.DataFrame(rows, infer_schema_length=None), cast=True)


def template(subject: str | None, body_text: str | None, body_html: str | None) -> dy.DataFrame[MessageTemplate]:
    texts = {"subject": subject, "body_text": body_text, "body_html": body_html}
    return MessageTemplate.validate(
        pl.DataFrame([{"delivery_id": 7, "template_id": "t", "version": 1, "sender": None, **texts}]), cast=True
    )


def filled_in(made: dy.DataFrame[DeliverableEvent], source: dy.DataFrame[MessageTemplate]) -> pl.DataFrame:
    plain = plain_texts(made, source)
    return fill_in_messages(made, plain, json_values(made["ctx"], paths_to_fill_in(plain)))


@pytest.fixture(autouse=True)
def however_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 1)


def filled(contexts: list[str], *texts: str | None, **given: Any) -> list[tuple[Any, ...]]:
    made, source = events(contexts, **given), template(*texts)
    return filled_in(made, source).sort("event_id").rows()


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("Hello.\n", ("Hello.",)),
        ("a {{ ctx.order.id }}b", ("a ", Value("$.order.id"), "b")),
        ("{{ order['id'] }}{{ event.ctx.lines[0].sku }}", (Value("$.order.id"), Value("$.lines[0].sku"))),
        ("{{ rtEvent.mobilePhone }}{{ batchEvent.email }}", (Field("mobile_phone"), Field("email"))),
        ("{{ page | safe }}", (Value("$.page", is_markup=True),)),
        ("{# nothing #}x", ("x",)),
        *(
            (source, None)
            for source in (
                "{{ a + b }}", "{{ a | upper }}", "{% if a %}b{% endif %}", "{{ ctx }}", "{{ event }}",
                "{{ event.ctx }}",
                "{{ event.created_at }}", "{{ event.colour }}", "{{ range }}", "{{ self }}", "{{ a() }}", "{{ 'x' }}",
                "{{ a['b c'] }}", "{{ a[-1] }}", "{{ a[b] }}", "{{ a[true] }}", "{{ a[1:2] }}", "{{ a",
                "{{ event[0] }}",
                "{{ a | safe(1) }}", "{% set a = 1 %}", "{{ none }}", "{{ ctx[0].a }}x{{ é }}",
            )
        ),
    ],
)  # fmt: skip
def test_a_text_is_plain_if_it_only_puts_values_into_places(source: str, parts: tuple[object, ...] | None) -> None:
    assert plain_text(source) == parts


def test_what_json_and_python_print_alike_is_filled_in_and_all_else_is_left_to_jinja() -> None:
    alike = [7, -7, 0, 2**63, 10**40, "x", "", "é", True, False, None]
    alike += [1.5, -892.72, 0.0, -0.0, 0.0001, 12345678.901234, 100000000000.01]
    others = [0.00001, -0.000012, 1e30, 1.2345678901234567, "a\nb", 'a"b', [], {}, [1], {"a": 1}]
    contexts = [json.dumps({"v": value}, ensure_ascii=False) for value in [*alike, *others]]
    found = filled([*contexts, "{}"], "s", "-{{ v }}-", None)
    printed = ["7", "-7", "0", str(2**63), str(10**40), "x", "", "é", "True", "False", ""]
    printed += ["1.5", "-892.72", "0.0", "-0.0", "0.0001", "12345678.901234", "100000000000.01"]
    assert found == [(number, "s", f"-{text}-", None) for number, text in enumerate(printed, 1)]


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (("s", None, None), "nothing to send"),
        (("s", "{{ v }}", "{% if v %}x{% endif %}"), "a text that is not plain"),
        (("{{ w }}", "{{ v }}", None), "white space alone"),
        (("{{ x }}", "{{ v }}", None), "a missing variable"),
    ],
)
def test_a_message_is_filled_in_whole_or_not_at_all(texts: tuple[str | None, ...], left: str) -> None:
    assert filled(['{"v": "v", "w": " \\u001c "}'], *texts) == [], left
    assert filled(['{"v": "v", "w": " "}'], *texts) == [], left


def test_without_an_address_or_among_few_nothing_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(filled(['{"v": 1}'], "s", "{{ v }}", None)) == 1
    assert filled(['{"v": 1}'], "s", "{{ v }}", None, email=None) == []
    assert len(filled(['{"v": 1}'], None, "{{ v }}", "{{ missing }}", channel="sms")) == 1
    monkeypatch.setattr(module, "FEW", 2)
    assert filled(['{"v": 1}'], "s", "{{ v }}", None) == []
    assert len(filled(['{"v": 1}'] * 2, "s", "{{ v }}", None)) == 2


TEXT = st.text(st.sampled_from("ab <>&'\"\\\n\r\t\x00\x1c\x85\u2028\u00a0é𝄞{}%-0."), max_size=6)
DECIMALS = st.decimals(-(10**12), 10**12, places=6, allow_nan=False).map(float)
SCALARS = st.one_of(
    TEXT, st.integers(), DECIMALS, st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
)
NAMES = st.sampled_from(["a", "b", "items", "range", "event", "ctx", "self"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
PLACES = st.sampled_from(
    [
        "{{ a }}", "{{ ctx.a }}", "{{ a.b }}", "{{ ctx['b'].a }}", "{{ event.ctx.b[0] }}", "{{ a[1].b }}",
        "{{ items }}",
        "{{ rtEvent.type }}", "{{ batchEvent.externalId }}", "{{ event.country }}", "{{ a | safe }}", "{{ b | safe }}",
        "{{ range }}", "{{ event.event_id }}", "{{ self }}", "{{ event.queue }}", "{{ ctx.event }}",
    ]
)  # fmt: skip
SOURCES = st.none() | st.lists(PLACES | TEXT.map(lambda text: text.replace("{", "").replace("}", "")), max_size=4).map(
    "".join
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=5),
    st.tuples(SOURCES, SOURCES, SOURCES),
    st.sampled_from(["email", "sms"]),
    st.booleans(),
)
@example([{"a": "<&'\">"}], ("{{ a }}", "{{ a }}", "<b>{{ a }}</b>{{ a | safe }}"), "email", True)  # noqa: FBT003
@example([{"a": "\u2028x\x85"}], ("{{ a }}", "{{ a }}", None), "email", False)  # noqa: FBT003
@example([{"a": None}], ("{{ a | safe }}", "{{ a }}{{ event.country }}", "{{ event.country | safe }}"), "email", True)  # noqa: FBT003
def test_filled_in_or_made_one_by_one_a_message_is_the_same(
    contexts: list[dict[str, Any]], texts: tuple[str | None, ...], channel: str, is_ascii: bool
) -> None:
    made = events([json.dumps(ctx, ensure_ascii=is_ascii) for ctx in contexts], channel=channel)
    source = template(*texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEW", 10**9)
        one_by_one = render_messages(made, source, filled_in(made, source))
    assert render_messages(made, source, filled_in(made, source)).rows() == one_by_one.rows()


def test_of_equal_names_the_first_counts_however_a_message_is_made() -> None:
    made = events(['{"v": {"a": 1, "a": 2}, "v": 3}'] * 2)
    source = template("s", "{{ v.a }}", None)
    assert filled(made["ctx"].to_list(), "s", "{{ v.a }}", None) == [(1, "s", "1", None), (2, "s", "1", None)]
    other_values = pl.DataFrame({"$.v.a": ["1e30", None]})
    none = fill_in_messages(made, plain_texts(made, source), other_values)
    assert none.is_empty()
    assert render_messages(made, source, none)["body_text"].to_list() == ["1", "1"]


def test_deliveries_of_the_same_texts_are_filled_in_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 2)
    one = template("s", "{{ v }}", None)
    other = one.with_columns(delivery_id=pl.lit(8), version=pl.lit(2))
    both = MessageTemplate.validate(pl.concat([one, other], how="vertical_relaxed"), cast=True)
    made = events(['{"v": 1}', '{"v": 2}']).with_columns(delivery_id=pl.Series([7, 8], dtype=pl.Int64))
    found = filled_in(DeliverableEvent.validate(made), both)
    assert found.sort("event_id").rows() == [(1, "s", "1", None), (2, "s", "2", None)]
    assert filled_in(DeliverableEvent.validate(made), one).is_empty()
