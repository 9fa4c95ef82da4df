"""What a template condition can speak of: event columns, fields of `ctx`, literals, each with its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import dataframely as dy
import polars as pl
from sqlglot import exp

from tasks.contracts.route_events import ConditionContext
from tasks.transforms.instants import instant

Kind = Literal["text", "number", "boolean", "instant"]
LONGEST_INDEX = 9
"""Digits of an index."""
EXACT_INTEGERS = 2**53
"""Numbers of `ctx` are read as doubles, which hold every integer below this."""


class ConditionError(ValueError):
    """A condition that cannot be used: says what is wrong, where, and what to write instead."""


@dataclass(frozen=True)
class Term:
    """A part of a condition. `kind` is None for a `ctx` field: text that is read as what it is compared with."""

    kind: Kind | None
    expression: pl.Expr
    sql: str
    literal: str | None = None


def column_kind(name: str) -> Kind | None:
    """The kind of an event column; None where there is none of that name."""
    column = ConditionContext.columns().get(name)
    if column is None:
        return None
    return "number" if isinstance(column, dy.Int64) else "instant" if isinstance(column, dy.Datetime) else "text"


def field_path(node: exp.Expr) -> list[str | int] | None:
    """The keys and indices of a reference: `ctx.a.b`, `ctx ->> '$.a.b'` and `ctx['a']` are all [ctx, a, b].

    Returns:
        The parts as written, or None where the node is no reference.
    """
    match node:
        case exp.Column():
            return [_key(part) for part in node.parts]
        case exp.Dot():
            above = field_path(node.this)
            return None if above is None else [*above, _key(node.expression)]
        case exp.Bracket():
            above = field_path(node.this)
            return None if above is None else [*above, *map(_subscript, node.expressions)]
        case exp.JSONExtract() | exp.JSONExtractScalar() if isinstance(node.expression, exp.JSONPath):
            above = field_path(node.this)
            return None if above is None else [*above, *map(_step, node.expression.expressions[1:])]
        case exp.Paren():
            return field_path(node.this)
    return None


def reference(path: list[str | int], sql: str) -> Term:
    """The event column or `ctx` field at a path.

    Raises:
        ConditionError: There is no such column.
    """
    name = str(path[0]).lower()
    if len(path) == 1:
        kind = column_kind(name)
        if kind is None:
            raise ConditionError(f"there is no event column {path[0]!r}; a field of the event's data is ctx.{path[0]}")
        return Term(kind, pl.col(name), sql)
    if name != "ctx":
        raise ConditionError(f"{sql} is no field of ctx; write {'.'.join(map(str, ['ctx', *path]))}")
    return Term(None, pl.col("ctx").str.json_path_match("$" + "".join(map(_bracketed, path[1:]))), sql)


def common_kind(terms: Iterable[Term]) -> Kind | None:
    """The kind in which terms compare; None where none of them has one.

    Raises:
        ConditionError: They do not compare.
    """
    terms = list(terms)
    kinds = {term.kind for term in terms if term.kind is not None}
    if kinds == {"instant", "text"} and all(term.literal is not None for term in terms if term.kind == "text"):
        return "instant"
    if len(kinds) > 1:
        described = " with ".join(f"{term.sql} ({term.kind})" for term in terms if term.kind is not None)
        raise ConditionError(f"cannot compare {described}; cast one of them")
    kind = next(iter(kinds), None)
    if kind == "number" and any(term.kind is None for term in terms):
        for term in terms:
            if term.literal is not None and abs(float(term.literal)) >= EXACT_INTEGERS:
                raise ConditionError(f"{term.literal} is too large to compare exactly; compare with '{term.literal}'")
    return kind


def read_as(term: Term, kind: Kind) -> pl.Expr:
    """A term as a kind; null where a `ctx` field cannot be read as it.

    Raises:
        ConditionError: The term is of another kind.
    """
    if term.kind == kind:
        return term.expression
    if term.kind is None:
        return parsed(term.expression, kind)
    if kind == "instant" and term.literal is not None and term.kind == "text":
        return _instant_literal(term.literal)
    raise ConditionError(f"{term.sql} is a {term.kind} where a {kind} is needed")


def parsed(text: pl.Expr, kind: Kind) -> pl.Expr:
    """Text read as a kind: null where it is none. No `NaN` and no infinity is a number."""
    match kind:
        case "number":
            return finite(text.cast(pl.Float64, strict=False))
        case "boolean":
            return pl.when(text.is_in(["true", "false"])).then(text == "true")
        case "instant":
            return instant(text)
        case "text":
            return text


def finite(number: pl.Expr) -> pl.Expr:
    """A number; null where it is none that compares."""
    return pl.when(number.is_finite()).then(number)


def _instant_literal(text: str) -> pl.Expr:
    value = pl.select(instant(pl.lit(text))).item()
    if value is None:
        raise ConditionError(f"'{text}' is no instant; write it like '2026-01-31T00:00:00Z'")
    return pl.lit(value, dtype=pl.Datetime("us", "UTC"))


def _key(node: exp.Expr) -> str:
    if not isinstance(node, exp.Identifier):
        raise ConditionError('a key that is no plain word is written in double quotes: ctx."@id", ctx."2nd line"')
    return node.name


def _subscript(node: exp.Expr) -> str | int:
    if isinstance(node, exp.Literal):
        if node.is_string:
            return node.name
        if node.name.isdecimal() and len(node.name) <= LONGEST_INDEX:
            return int(node.name)
    raise ConditionError(f"[{node.sql()}] is neither a key nor an index from 0")


def _step(node: exp.Expr) -> str | int:
    if isinstance(node, exp.JSONPathKey | exp.JSONPathSubscript) and isinstance(node.this, str | int):
        return node.this
    raise ConditionError(f"a path holds keys and indices alone, not {node.sql()!r}")


def _bracketed(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if "\\" in part:
        raise ConditionError(f"the key {part!r} holds a backslash, which no path can name")
    return "['" + part.replace("'", "\\'") + "']"
