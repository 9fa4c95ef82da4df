"""The operators and functions of template conditions: a typed, side-effect-free part of SQL as Polars expressions."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlglot import exp

from tasks.transforms.condition_terms import (
    ConditionError,
    Kind,
    Term,
    common_kind,
    field_path,
    finite,
    parsed,
    read_as,
    reference,
)


@dataclass(frozen=True)
class Operation:
    """An operator or function of fixed kinds."""

    takes: tuple[Kind, ...]
    gives: Kind
    build: Callable[..., pl.Expr]


NUMBERS: tuple[Kind, ...] = ("number", "number")
TEXTS: tuple[Kind, ...] = ("text", "text")
OPERATIONS: dict[type[exp.Expr], Operation] = {
    exp.Not: Operation(("boolean",), "boolean", operator.invert),
    exp.Neg: Operation(("number",), "number", operator.neg),
    exp.Add: Operation(NUMBERS, "number", lambda a, b: finite(a + b)),
    exp.Sub: Operation(NUMBERS, "number", lambda a, b: finite(a - b)),
    exp.Mul: Operation(NUMBERS, "number", lambda a, b: finite(a * b)),
    exp.Div: Operation(NUMBERS, "number", lambda a, b: finite(a / b)),
    exp.Mod: Operation(NUMBERS, "number", lambda a, b: finite(a % b)),
    exp.Abs: Operation(("number",), "number", lambda a: a.abs()),
    exp.Floor: Operation(("number",), "number", lambda a: a.floor()),
    exp.Ceil: Operation(("number",), "number", lambda a: a.ceil()),
    exp.DPipe: Operation(TEXTS, "text", operator.add),
    exp.Lower: Operation(("text",), "text", lambda a: a.str.to_lowercase()),
    exp.Upper: Operation(("text",), "text", lambda a: a.str.to_uppercase()),
    exp.Trim: Operation(("text",), "text", lambda a: a.str.strip_chars()),
    exp.Length: Operation(("text",), "number", lambda a: a.str.len_chars().cast(pl.Int64)),
    exp.StartsWith: Operation(TEXTS, "boolean", lambda a, b: a.str.starts_with(b)),
    exp.EndsWith: Operation(TEXTS, "boolean", lambda a, b: a.str.ends_with(b)),
    exp.Contains: Operation(TEXTS, "boolean", lambda a, b: a.str.contains(b, literal=True)),
}
COMPARISONS: dict[type[exp.Expr], Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.NullSafeEQ: lambda a, b: a.eq_missing(b),
    exp.NullSafeNEQ: lambda a, b: a.ne_missing(b),
}
EQUALITIES = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
CAST_KINDS: dict[Kind, set[exp.DType]] = {
    "text": set(exp.DataType.TEXT_TYPES),
    "number": set(exp.DataType.NUMERIC_TYPES),
    "boolean": {exp.DType.BOOLEAN},
    "instant": set(exp.DataType.TEMPORAL_TYPES),
}
LONGEST_INTEGER = 100
"""Digits: Python reads no more than some thousands of them."""
HARMLESS_FLAGS = {"safe", "coalesce", "negate", "big_int"}


def term(node: exp.Expr) -> Term:
    """A node of a condition as a typed Polars expression.

    Raises:
        ConditionError: Its kinds do not fit, or it is nothing that a condition can hold.
    """
    made = _term(node)
    return Term("boolean", ~read_as(made, "boolean"), made.sql) if node.args.get("negate") else made


def _term(node: exp.Expr) -> Term:
    sql = node.sql(dialect="duckdb")
    if (path := field_path(node)) is not None:
        return reference(path, sql)
    if isinstance(node, exp.And | exp.Or):
        parts = [read_as(term(part), "boolean") for part in node.flatten()]
        return Term("boolean", pl.all_horizontal(parts) if isinstance(node, exp.And) else pl.any_horizontal(parts), sql)
    if operation := OPERATIONS.get(type(node)):
        operands = [term(part) for part in _operands(node)]
        if len(operands) != len(operation.takes):
            raise ConditionError(f"{sql} is not supported")
        read = [read_as(part, kind) for part, kind in zip(operands, operation.takes, strict=True)]
        return Term(operation.gives, operation.build(*read), sql)
    if comparison := COMPARISONS.get(type(node)):
        left, right = _alike([term(node.this), term(node.expression)], sql, ordered=not isinstance(node, EQUALITIES))
        return Term("boolean", comparison(left, right), sql)
    if special := SPECIAL.get(type(node)):
        return special(node, sql)
    raise ConditionError(f"{sql} is not supported: a condition compares event columns and ctx fields of one event")


def _boolean(node: exp.Boolean, sql: str) -> Term:
    return Term("boolean", pl.lit(node.this, dtype=pl.Boolean), sql)


def _null(_: exp.Null, sql: str) -> Term:
    return Term(None, pl.lit(None, dtype=pl.String), sql)


def _in(node: exp.In, sql: str) -> Term:
    _only(node, {"this", "expressions"}, sql)
    if not node.expressions:
        raise ConditionError(f"{sql}: `in` needs a list of values")
    value, *choices = _alike([term(node.this), *map(term, node.expressions)], sql, ordered=False)
    return Term("boolean", pl.any_horizontal([value == choice for choice in choices]), sql)


def _between(node: exp.Between, sql: str) -> Term:
    _only(node, {"this", "low", "high"}, sql)
    value, low, high = _alike([term(node.this), term(node.args["low"]), term(node.args["high"])], sql)
    return Term("boolean", (value >= low) & (value <= high), sql)


def _alike(terms: list[Term], sql: str, *, ordered: bool = True) -> list[pl.Expr]:
    kind = common_kind(terms)
    if kind is None and ordered:
        raise ConditionError(
            f"{sql} does not say how to compare; cast one of them, as in cast({terms[0].sql} as double)"
        )
    return [read_as(part, kind or "text") for part in terms]


def _literal(node: exp.Literal, sql: str) -> Term:
    if node.is_string:
        return Term("text", pl.lit(node.name, dtype=pl.String), sql, literal=node.name)
    whole = node.name.isdecimal() and len(node.name) <= LONGEST_INTEGER and int(node.name) < 2**63
    return Term("number", pl.lit(int(node.name) if whole else float(node.name)), sql, literal=node.name)


def _is(node: exp.Is, sql: str) -> Term:
    value = term(node.this)
    if isinstance(node.expression, exp.Null):
        return Term("boolean", value.expression.is_null(), sql)
    if isinstance(node.expression, exp.Boolean):
        return Term("boolean", read_as(value, "boolean").eq_missing(pl.lit(node.expression.this)), sql)
    raise ConditionError(f"{sql}: `is` takes null, true or false")


def _matches(node: exp.Expr, sql: str) -> Term:
    pattern = node.expression
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise ConditionError(f"{sql}: the pattern must be a text in single quotes")
    value = read_as(term(node.this), "text")
    if isinstance(node, exp.RegexpLike):
        return Term("boolean", value.str.contains(_checked(pattern.name)), sql)
    wildcards = {"%": ".*", "_": "."}
    regex = "".join(wildcards.get(part, pl.escape_regex(part)) for part in re.split("([%_])", pattern.name))
    flags = "si" if isinstance(node, exp.ILike) else "s"
    return Term("boolean", value.str.contains(f"(?{flags})^{regex}$"), sql)


def _checked(regex: str) -> str:
    try:
        pl.Series([""]).str.contains(regex)
    except pl.exceptions.ComputeError as error:
        raise ConditionError(f"'{regex}' is no regular expression: {error}") from error
    return regex


def _cast(node: exp.Cast, sql: str) -> Term:
    _only(node, {"this", "to"}, sql)
    target = node.to.this
    kind = next((kind for kind, types in CAST_KINDS.items() if target in types), None)
    if kind is None:
        raise ConditionError(f"{sql} is not supported; cast to text, a number, boolean, date or timestamp")
    value = term(node.this)
    if kind == "text":
        read = value.expression.cast(pl.String)
    elif value.literal is None and value.kind == "text":
        read = parsed(value.expression, kind)
    else:
        read = read_as(value, kind)
    if target in exp.DataType.INTEGER_TYPES:
        read = pl.when(read == read.floor()).then(read)
    return Term(kind, read.dt.truncate("1d") if target == exp.DType.DATE else read, sql)


def _coalesce(node: exp.Coalesce, sql: str) -> Term:
    results = [term(part) for part in (node.this, *node.expressions)]
    kind = common_kind(results)
    return Term(kind, pl.coalesce([read_as(part, kind or "text") for part in results]), sql)


def _case(node: exp.Case, sql: str) -> Term:
    branches = [_branch(branch, node.this) for branch in node.args["ifs"]]
    results = [term(branch.args["true"]) for branch in node.args["ifs"]]
    default = term(node.args.get("default") or exp.Null())
    kind = common_kind([*results, default])
    chosen = read_as(default, kind or "text")
    for holds, result in zip(reversed(branches), reversed(results), strict=True):
        chosen = pl.when(holds).then(read_as(result, kind or "text")).otherwise(chosen)
    return Term(kind, chosen, sql)


def _branch(branch: exp.Expr, subject: exp.Expr | None) -> pl.Expr:
    return read_as(term(exp.EQ(this=subject.copy(), expression=branch.this) if subject else branch.this), "boolean")


def _operands(node: exp.Expr) -> list[exp.Expr]:
    return [value for value in _given(node).values() if isinstance(value, exp.Expr)]


def _given(node: exp.Expr) -> dict[str, Any]:
    return {name: value for name, value in node.args.items() if value and name not in HARMLESS_FLAGS}


def _only(node: exp.Expr, known: set[str], sql: str) -> None:
    if set(_given(node)) - known:
        raise ConditionError(f"{sql} is not supported")


SPECIAL: dict[type[exp.Expr], Callable[[Any, str], Term]] = {
    exp.Paren: lambda node, _: term(node.this),
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.Like: _matches,
    exp.ILike: _matches,
    exp.RegexpLike: _matches,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Coalesce: _coalesce,
    exp.Case: _case,
}
