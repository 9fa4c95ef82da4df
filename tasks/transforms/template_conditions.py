"""Template conditions: SQL over one event's columns and the fields of its `ctx`.

A field of `ctx` is written `ctx.order.total`, `ctx.order."@id"`, `ctx.items[0].sku` (indices from 0) or
`ctx ->> '$.order.total'`. It has the kind of what it is compared with: a number beside a number, a boolean
beside `true`, an instant beside an instant, else text. A field that is absent, JSON null, or not readable as
that kind is null, and a condition that is null is not met. A `ctx` that a JSON parser refuses (deeper
than 127 levels, a number past the range of doubles) has no fields.
"""

import re
from dataclasses import dataclass

import dataframely as dy
import polars as pl
import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from tasks.contracts.route_events import ConditionContext
from tasks.transforms.condition_operators import term
from tasks.transforms.condition_terms import ConditionError, read_as

MAX_CHARACTERS = 10_000
_HALF = re.compile("[\ud800-\udfff]")
MAX_DEPTH = 40
"""Deeper conditions would compile or not depending on how deep the caller stands already."""

__all__ = ["Condition", "ConditionError", "compile_condition"]


class ConditionDialect(DuckDB):
    """DuckDB's SQL, with list indices as JSON counts them."""

    INDEX_OFFSET = 0


@dataclass(frozen=True)
class Condition:
    """A checked condition.

    Attributes:
        text: The condition as written.
        expression: True where it holds, over the columns of `ConditionContext`; never null.
        columns: The event columns that it reads.
    """

    text: str
    expression: pl.Expr
    columns: frozenset[str]

    def holds(self, context: dy.DataFrame[ConditionContext]) -> pl.Series:
        """Whether each event meets it, in the order of `context`; false where it is null. Never raises."""
        return context.lazy().select("event_id", holds=self.expression).collect().get_column("holds")


def compile_condition(text: str) -> Condition:
    """Checks a condition and makes it an expression.

    Raises:
        ConditionError: It is no single boolean SQL expression over event columns and `ctx` fields.
    """
    try:
        expression = read_as(term(_parsed(text)), "boolean").fill_null(value=False)
        _check_types(expression)
    except ConditionError as error:
        columns = ", ".join(ConditionContext.column_names())
        raise ConditionError(
            f"Condition {text[:200]!r}: {error}. Event columns: {columns}; fields of an event's data: ctx.<name>."
        ) from error
    return Condition(text, expression, frozenset(expression.meta.root_names()))


def _parsed(text: str) -> exp.Expr:
    if len(text) > MAX_CHARACTERS:
        raise ConditionError(f"it is longer than {MAX_CHARACTERS} characters")
    if not text.isascii() and _HALF.search(text):
        raise ConditionError("it holds half a character (a lone surrogate)")
    try:
        statements = sqlglot.parse(text, dialect=ConditionDialect)
    except RecursionError as error:
        raise ConditionError("it is nested too deeply") from error
    except sqlglot.errors.SqlglotError as error:
        details = error.errors[0] if isinstance(error, sqlglot.ParseError) and error.errors else {}
        where = f" at column {details['col']}, near {details['highlight']!r}" if details else ""
        raise ConditionError(
            f"it is no SQL expression{where}; {details.get('description', error)}; "
            'a key of ctx that is an SQL word is written in double quotes: ctx."select"'
        ) from error
    if len(statements) != 1 or statements[0] is None:
        raise ConditionError("it must be exactly one expression")
    _check_nodes(statements[0])
    return statements[0]


def _check_types(expression: pl.Expr) -> None:
    try:
        ConditionContext.create_empty(lazy=True).select(expression).collect()
    except pl.exceptions.PolarsError as error:
        raise ConditionError(f"it cannot be evaluated; {error}") from error


def _check_nodes(root: exp.Expr) -> None:
    nodes = [(root, 0)]
    while nodes:
        node, depth = nodes.pop()
        if isinstance(node, exp.Query):
            raise ConditionError("a condition sees one event and no table: no select, no subquery")
        if depth > MAX_DEPTH:
            raise ConditionError(f"it is nested more than {MAX_DEPTH} levels deep")
        for child in node.iter_expressions():
            chained = isinstance(node, exp.And | exp.Or) and type(child) is type(node)
            nodes.append((child, depth if chained else depth + 1))
