"""What a query may say, and its rows in types that Polars and Python can hold."""

from typing import Any, Final

import duckdb
import polars as pl

_TEXT_TYPES: Final = {"interval", "union"}
"""They have no type in Polars."""
_FIRST_DAY: Final = -719_162  # 0001-01-01, in days from 1970-01-01
_LAST_DAY: Final = 2_932_896  # 9999-12-31
_PER_DAY: Final = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def only_asks(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether all statements of a text give rows and touch nothing.

    A pivot is made of several statements, and so is whatever holds one: only a query can stand in brackets.
    DuckDB 1.5 takes it apart itself, into statements some of which have no text.

    Raises:
        duckdb.Error: A statement is wrong, or is of several and no query.
    """
    statements = connection.extract_statements(sql)
    if not all(one.query for one in statements):
        return _in_brackets(connection, sql)
    return all(
        _in_brackets(connection, one.query)
        if one.type == duckdb.StatementType.MULTI
        else one.type == duckdb.StatementType.SELECT
        for one in statements
    )


def _in_brackets(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    return bool(connection.extract_statements(f"from (\n{sql.rstrip('; ')}\n)"))


def with_text_for_the_rest(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The rows, with text in columns of a type that Polars lacks."""
    lacking = [_lacks(kind) for kind in relation.types]
    if not any(lacking):
        return relation
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name in relation.columns]
    return relation.project(
        ", ".join(f"{name}::varchar as {name}" if lacks else name for name, lacks in zip(quoted, lacking, strict=True))
    )


def beyond_calendars(values: pl.Series) -> bool:
    """Whether a day or an instant among the values is in no year from 1 to 9999: Python has no other."""
    dtype = values.dtype
    if isinstance(dtype, pl.Map):
        return beyond_calendars(values.cast(pl.List(pl.Struct({"key": dtype.key, "value": dtype.value}))))
    if isinstance(dtype, pl.List | pl.Array):
        return beyond_calendars(values.explode(empty_as_null=False, keep_nulls=False))
    if isinstance(dtype, pl.Struct) and dtype.fields:
        return any(beyond_calendars(held) for held in values.struct.unnest().get_columns())
    if dtype == pl.Date:
        per_day = 1
    elif isinstance(dtype, pl.Datetime):
        per_day = _PER_DAY[dtype.time_unit]
    else:
        return False
    days = values.to_physical().cast(pl.Int64) // per_day
    return not days.is_between(_FIRST_DAY, _LAST_DAY).all()


def _lacks(kind: Any) -> bool:
    """Whether a DuckDB type, or one within it, has none in Polars."""
    if kind.id in _TEXT_TYPES:
        return True
    held = kind.children if kind.id in {"struct", "list", "array", "map"} else []
    return any(_lacks(inner) for _, inner in held if not isinstance(inner, int))
