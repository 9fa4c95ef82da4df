"""Template conditions: what they can say, what they refuse, and that no payload makes them raise."""

import json
import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.route_events import ConditionContext
from tasks.transforms.template_conditions import ConditionError, compile_condition

CREATED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def context(*payloads: str, **columns: Any) -> dy.DataFrame[ConditionContext]:
    row = {
        "queue": "rt",
        "event_type": "order",
        "channel": "email",
        "country": "FR",
        "created_at": CREATED,
        "received_at": CREATED,
    } | columns
    empty = ConditionContext.create_empty()
    rows = [{"event_id": 2**60 + number, "ctx": ctx, **row} for number, ctx in enumerate(payloads)]
    return ConditionContext.validate(pl.DataFrame(rows, schema=empty.schema))


def met(condition: str, *payloads: object, **columns: Any) -> list[bool]:
    holds = compile_condition(condition).holds(context(*map(json.dumps, payloads), **columns))
    assert holds.dtype == pl.Boolean
    return holds.to_list()


ORDER = {
    "amount": 120,
    "note": "99.5",
    "vip": True,
    "tier": "gold",
    "city": "PARIS",
    "n": 2,
    "due": "2026-01-02T01:00:00+02:00",
    "order": {"@id": "7", "total": 11, "it's": "ok"},
    "items": [{"sku": "s0"}, {"sku": "s1"}],
}


@pytest.mark.parametrize(
    "condition",
    [
        "ctx.amount > 100 and country = 'FR'",
        "CTX.amount >= 120.0 AND Country <> 'DE'",
        "ctx.order.total >= 10.5",
        "ctx.note < 100",
        "ctx.note = '99.5'",
        "ctx.vip = true",
        "ctx.vip",
        "ctx.vip is true and ctx.absent is not true",
        "ctx ->> 'tier' = 'gold'",
        "ctx -> 'order' ->> 'total' = '11'",
        "ctx ->> '$.tier' in ('silver', 'gold')",
        "ctx ->> '$.items[1].sku' = 's1'",
        "ctx.items[0].sku = 's0'",
        "ctx['order']['total'] between 11 and 12",
        "lower(ctx.city) like 'par%'",
        "ctx.city like 'P_RIS' and ctx.city not like 'P.RIS' and ctx.city ilike 'p%s'",
        "regexp_matches(ctx.city, '^P.*S$')",
        "ctx.absent is null and ctx.order is not null",
        "cast(ctx.n as int) between 1 and 3",
        "cast(ctx.note as int) is null and try_cast(ctx.note as double) = 99.5 and ctx.n::int = 2",
        "ctx.order.\"@id\" = '7'",
        "ctx.order.\"it's\" = 'ok'",
        "ctx.amount + ctx.n * 2 = 124 and -ctx.n < 0",
        "ctx.amount / 0 is null and (ctx.amount % 0) is null",
        "coalesce(ctx.absent, ctx.tier) = 'gold' and coalesce(ctx.absent, 5) = 5",
        "case when ctx.vip then ctx.n else 0 end = 2 and case ctx.tier when 'gold' then true end",
        "ctx.amount is distinct from 1 and ctx.absent is not distinct from null",
        "country || '-' || ctx.tier = 'FR-gold' and length(ctx.tier) = 4",
        "cast(ctx.amount as varchar) < cast(ctx.n as varchar)",
        "created_at >= '2026-01-01T12:00:00Z' and created_at < timestamp '2026-01-01 12:00:01'",
        "ctx.due > created_at and ctx.due < date '2026-01-02' and cast(created_at as date) = date '2026-01-01'",
        "event_id = 1152921504606846976 and event_id % 2 = 0",
        "scheduled_at is null or scheduled_at > created_at",
        "true and not false /* a remark */",
    ],
)
def test_a_condition_holds_for_the_event_that_it_describes(condition: str) -> None:
    assert met(condition, ORDER) == [True]
    assert met(f"not ({condition})", ORDER) == [False]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("ctx.a > 1", [2, "2", 1, "x", True, None, [2], {"b": 2}, "NaN", "inf"], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("ctx.a <> 1", [2, "x", None, 1], [1, 0, 0, 0]),
        ("ctx.a = '2'", [2, "2", 2.0, None], [1, 1, 0, 0]),
        ("ctx.a = true", [True, "true", False, 1, "yes", None], [1, 1, 0, 0, 0, 0]),
        ("not ctx.a", [True, False, "x", None], [0, 1, 0, 0]),
        ("ctx.a is null", ["", None, 0, False, []], [0, 1, 0, 0, 0]),
        ("ctx.a in (1, 2)", [1, "2", 3, None], [1, 1, 0, 0]),
        ("ctx.a not in (1, null)", [1, 2], [0, 0]),
        ("cast(ctx.a as int) = 2", [2, 2.0, "2", 2.5, "x"], [1, 1, 1, 0, 0]),
        ("ctx.a like '50%'", ["50% off", "50", "5", 500, "50\nx"], [1, 1, 0, 1, 1]),
        ("ctx.a ilike '%OFF'", ["50%\nOff", "offer"], [1, 0]),
        ("case when ctx.a > 1 then 'x' when ctx.a > 0 then 'y' else 'z' end = 'y'", [1, 2, 0, None], [1, 0, 0, 0]),
        ("ctx.a > created_at", ["2026-01-01T12:00:01Z", "2026-01-01 13:00", "2027-01-01", "later", 9], [1, 1, 1, 0, 0]),
    ],
)  # fmt: skip
def test_a_field_has_the_kind_of_what_it_is_compared_with(
    condition: str, values: list[Any], expected: list[int]
) -> None:
    assert met(condition, *({"a": value} for value in values)) == [bool(value) for value in expected]


@pytest.mark.parametrize(
    ("condition", "complaint"),
    [
        ("amount > 100", "ctx.amount"),
        ('country = "FR"', "no event column 'FR'"),
        ("order.total > 1", "write ctx.order.total"),
        ("ctx.amount >", "no SQL expression"),
        ("", "exactly one expression"),
        ("true; true", "exactly one expression"),
        ("country", "country is a text where a boolean is needed"),
        ("ctx.amount + 1", "is a number where a boolean is needed"),
        ("country > 5", "cannot compare country \\(text\\) with 5 \\(number\\)"),
        ("ctx.a in (1, 'b')", "cannot compare 1"),
        ("created_at > 'soon'", "'soon' is no instant"),
        ("ctx.a < ctx.b", "does not say how to compare"),
        ("ctx.a = 9007199254740993", "too large to compare exactly"),
        ("ctx.@id = '1'", "double quotes"),
        ("ctx.select = 1", "double quotes"),
        ('ctx."a\\b" = 1', "backslash"),
        ("ctx ->> '$.a[*]' = 'x'", "keys and indices alone"),
        ("ctx.a ~ '('", "no regular expression"),
        ("ctx.a like country", "pattern must be a text"),
        ("country in ()", "needs a list"),
        ("select true", "no table"),
        ("ctx.a in (select 1)", "no table"),
        ("exists(select 1)", "no table"),
        ("drop table template", "not supported"),
        ("count(*) > 1", "not supported"),
        ("max(ctx.a) > 1", "not supported"),
        ("now() > created_at", "not supported"),
        ("random() > 0.5", "not supported"),
        ("read_csv('/etc/passwd') is null", "not supported"),
        ("frobnicate(ctx.a)", "not supported"),
        ("trim(both 'x' from country) = 'a'", "not supported"),
        ("(" * 3_000, "deeply"),
        ("not " * 60 + "true", "levels deep"),
        ("true or " * 2_000 + "true", "longer than"),
    ],
)
def test_what_is_no_condition_on_one_event_is_refused_with_the_columns_there_are(
    condition: str, complaint: str
) -> None:
    with pytest.raises(ConditionError, match=complaint) as caught:
        compile_condition(condition)
    assert "Event columns: event_id, queue, event_type" in str(caught.value)


PAYLOADS = [
    "", "null", "[1, 2]", '"a"', "1", '{"a": 1', "{'a': 1}", "\x00", '{"a": "\\ud800"}', '{"a": 1e999}', '{"a": NaN}',
    '{"a": 123456789012345678901234567890}', '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}",
    '{"a": "99999-01-01T00:00:00Z"}', '{"a": {"b": {"c": [[], {}]}}}', '{"a": "\uff19"}',
    '{"a": -0.0}', '{"a": ""}', '{"": {"a": 1}}',
]  # fmt: skip


@pytest.mark.parametrize(
    "condition",
    ["ctx.a > 1", "ctx.a", "ctx.a = 'x'", "ctx.a > created_at", "cast(ctx.a as int) + 1 = 2", "lower(ctx.a) like '%x'"],
)
def test_no_payload_makes_a_checked_condition_raise(condition: str) -> None:
    holds = compile_condition(condition).holds(context(*PAYLOADS))
    assert (holds.len(), holds.null_count()) == (len(PAYLOADS), 0)


def test_a_constant_condition_has_one_answer_per_event_even_for_none() -> None:
    assert met("1 = 1", {}, {}) == [True, True]
    assert met("null = 1", {}, {}) == [False, False]
    assert met("1 = 1") == []


def test_a_condition_tells_which_columns_it_reads() -> None:
    assert compile_condition("ctx.a > 1 and country = 'FR'").columns == {"ctx", "country"}
    assert compile_condition("country = 'FR'").columns == {"country"}


def test_a_long_list_of_alternatives_is_fine() -> None:
    assert met(" or ".join(f"ctx.a = {number}" for number in range(600)), {"a": 599}, {"a": 600}) == [True, False]


# A naive evaluator, one event at a time, with SQL's three truth values.

Naive = Callable[[dict[str, Any]], bool | None]
FIELDS = {"ctx.a": ("a",), "ctx.b": ("b",), 'ctx.o."@k"': ("o", "@k"), "ctx ->> '$.o.x'": ("o", "x")}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, ">": operator.gt, "<=": operator.le,
}  # fmt: skip


def text_of(payload: Any, path: tuple[str, ...]) -> str | None:
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    if payload is None or isinstance(payload, str):
        return payload
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)


def read(text: str | None, literal: Any) -> Any:
    if text is None or isinstance(literal, str):
        return text
    if isinstance(literal, bool):
        return {"true": True, "false": False}.get(text)
    return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def sql_literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else json.dumps(value)


def comparison(field: str, sign: str, literal: Any) -> tuple[str, Naive]:
    def naive(payload: dict[str, Any]) -> bool | None:
        value = read(text_of(payload, FIELDS[field]), literal)
        return None if value is None else COMPARE[sign](value, literal)

    return f"{field} {sign} {sql_literal(literal)}", naive


def membership(field: str, literals: list[Any]) -> tuple[str, Naive]:
    def naive(payload: dict[str, Any]) -> bool | None:
        value = read(text_of(payload, FIELDS[field]), literals[0])
        return None if value is None else value in literals

    return f"{field} in ({', '.join(map(sql_literal, literals))})", naive


def absence(field: str) -> tuple[str, Naive]:
    return f"{field} is null", lambda payload: text_of(payload, FIELDS[field]) is None


def negation(inner: tuple[str, Naive]) -> tuple[str, Naive]:
    def naive(payload: dict[str, Any]) -> bool | None:
        value = inner[1](payload)
        return None if value is None else not value

    return f"not ({inner[0]})", naive


def connection(left: tuple[str, Naive], word: str, right: tuple[str, Naive]) -> tuple[str, Naive]:
    decisive = word == "or"

    def naive(payload: dict[str, Any]) -> bool | None:
        values = (left[1](payload), right[1](payload))
        return decisive if decisive in values else None if None in values else not decisive

    return f"({left[0]} {word} {right[0]})", naive


numbers = st.integers(-3, 3) | st.integers(-12, 12).map(lambda quarter: quarter / 4)
texts = st.sampled_from(["", "x", "X", "it's", "1", "1.5", "true", "NaN", "[]", "é", "1 "])
booleans = st.booleans()
values = st.none() | numbers | texts | booleans | st.just([]) | st.just({"x": 1})
payloads = st.dictionaries(st.sampled_from(["a", "b"]), values).flatmap(
    lambda flat: (st.dictionaries(st.sampled_from(["x", "@k"]), values) | values).map(lambda inner: flat | {"o": inner})
)
fields = st.sampled_from(sorted(FIELDS))
leaves = st.one_of(
    st.builds(comparison, fields, st.sampled_from(sorted(COMPARE)), numbers | texts),
    st.builds(comparison, fields, st.sampled_from(["=", "<>"]), booleans),
    st.builds(membership, fields, st.lists(numbers, min_size=1, max_size=3) | st.lists(texts, min_size=1, max_size=3)),
    st.builds(absence, fields),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.builds(negation, inner) | st.builds(connection, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(condition=conditions, events=st.lists(payloads, min_size=1, max_size=8))
def test_a_condition_agrees_with_one_evaluated_event_by_event(
    condition: tuple[str, Naive], events: list[dict[str, Any]]
) -> None:
    assert met(condition[0], *events) == [condition[1](event) is True for event in events]


WORDS = [
    "ctx", ".", "a", "(", ")", "and", "or", "not", "=", "<", "1", "'x'", "country", "in", ",", "is", "null", "like",
    "->>", "cast", "as", "int", "[", "]", "case", "when", "then", "end",
]  # fmt: skip
texts_of_words = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=40) | texts_of_words)
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ConditionError:
        return
    assert condition.holds(context("{}", '{"a": 1}')).null_count() == 0
