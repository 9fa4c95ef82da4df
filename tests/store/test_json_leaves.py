"""The leaves of a document are those that DuckDB's own tree of it has: keys made of them stay what they were."""

import json

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.store.json_depth import deeper_than
from tasks.store.json_leaves import leaves

TREE = """
select
    coalesce(string_agg(leaf.fullkey || '=' || to_json(leaf.atom ->> '$')::varchar, chr(10) order by leaf.fullkey), '')
from json_tree(?::json) as leaf where leaf.atom is not null and leaf.type <> 'NULL'
"""
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=5) | st.sampled_from(
    ["a", "b0", "_", "1", 'q"', "\\"]
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        ATOMS, lambda held: st.lists(held, max_size=4) | st.dictionaries(TEXTS, held, max_size=4), max_leaves=8
    ),
    max_size=4,
)


def tree_leaves(document: str) -> str:
    with duckdb.connect() as connection:
        found: str = connection.execute(TREE, [document]).fetchall()[0][0]
        return found


@pytest.mark.skipif(duckdb.__version__.startswith("1."), reason="paths are those of DuckDB 2: 1.5 drops empty names")
@settings(max_examples=100, deadline=None)
@given(document=DOCUMENTS)
def test_leaves_are_those_of_the_tree(document: object) -> None:
    text = json.dumps(document)
    assert leaves(text) == tree_leaves(text)


@pytest.mark.parametrize(
    "number", ["1e400", "-1E400", "-0", "-0.0", "9" * 5_000, "1E+2", "1e-7", "1e21", "0.00001", "1e16"]
)
def test_odd_numbers_are_written_as_the_tree_writes_them(number: str) -> None:
    text = f'{{"n": {number}}}'
    assert leaves(text) == tree_leaves(text)


def test_depth_counts_brackets_outside_of_texts() -> None:
    documents = ["[" * 3 + "]" * 3, '{"a": [1, [2]], "b": [[3]]}', '{"[[[[": "{{{{\\"[[[["}', "[[],[],[],[]]", None]
    deep = deeper_than(2, pl.Series(documents, dtype=pl.String))
    assert deep.to_list() == [True, True, False, False, False]
