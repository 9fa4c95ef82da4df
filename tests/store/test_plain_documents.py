"""Plain documents, read without an engine, against the engine."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.contracts.ingest_events import ReceivedRow
from tasks.contracts.vocabulary import EVENT_FIELDS
from tasks.store import ingest_events as in_store
from tasks.store.plain_documents import plain_fields

TEXT = st.text(st.sampled_from('ab 0"\\/\n\t\r\b\f\x7f\x85\u2028é𝄞{}[]:,nN'), max_size=6)
NUMBERS = st.integers() | st.floats(allow_nan=False) | st.decimals(allow_nan=False, places=2).map(float)
SCALARS = TEXT | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXT, part, max_size=3), max_leaves=8
)
NAMES = st.sampled_from([*EVENT_FIELDS, "colour", "specversion", "ID"])
DOCUMENTS = st.builds(
    json.dumps,
    st.dictionaries(NAMES, VALUES, max_size=5) | VALUES,
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, None, 1]),
)


def received(documents: list[str]) -> Any:
    lines = pl.DataFrame({"line": range(1, len(documents) + 1), "raw": documents, "document": documents})
    return ReceivedRow.validate(lines.with_columns(problem=pl.lit(None, pl.String)), cast=True)


def by_engine(documents: list[str]) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_store, "FEW_ROWS", -1)
        return in_store.extract_event_fields(received(documents))


@settings(max_examples=400, deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=8))
@example(['{"id": -0, "ctx": {"a": 1.0, "b": -0.0, "c": [1e3, 0.1]}}', '{"ctx": {"a": 1, "a": 2}}', '{"a": NaN}'])
@example(['{"type": "a", "mobilePhone": null, "mobile_phone": "1"}', '{"mobilePhone": "1", "mobile_phone": "2"}'])
@example([' {"ctx" : { } , "id" : 9223372036854775807 }\n', '{"id": 9223372036854775808}', "[]", "", "{}{}"])
def test_with_or_without_an_engine_the_fields_are_the_same(documents: list[str]) -> None:
    assert in_store.extract_event_fields(received(documents)).rows() == by_engine(documents).rows()


def test_what_most_callers_send_is_plain() -> None:
    event = {"id": "1", "type": "order", "wishedChannel": 0, "email": "ada@example.org", "externalId": None}
    documents = [
        json.dumps({**event, "ctx": {"total": 49.9, "name": "Zoë", "lines": [{"n": 1, "ok": True, "x": None}]}}),
        json.dumps({**event, "ctx": {}}, indent=2),
        json.dumps({"type": "a"}),
    ]
    assert plain_fields(received(documents)).height == 3
    assert plain_fields(received(['{"type": "\\u0000"}', '{"type": "\\ud83d\\ude00"}', '{"type": 1.0}'])).is_empty()
