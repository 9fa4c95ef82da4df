"""Any Polars value as one that JSON can hold without losing any of it."""

from typing import Final

import polars as pl
from polars.datatypes import DataTypeClass

Dtype = pl.DataType | DataTypeClass

OUT_OF_RANGE: Final = "outside the years 1 to 9999"
_FIRST_DAY: Final = -719_162  # 0001-01-01, in days from 1970-01-01
_LAST_DAY: Final = 2_932_896  # 9999-12-31
_PER_DAY: Final = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def json_value(value: pl.Expr, dtype: Dtype) -> pl.Expr:
    """The value as text, number, boolean, list or object.

    Instants become ISO 8601 with an offset (without a time zone they are UTC), durations ISO 8601, decimals their
    exact text, bytes Base64, floats that are no number null.
    """
    if dtype.is_nested():
        return _nested(value, dtype)
    if dtype.is_temporal():
        return _moment(value, dtype)
    if dtype.is_float():
        return pl.when(value.is_finite()).then(value)
    if dtype == pl.Binary:
        return value.bin.encode("base64")
    return value if dtype.is_integer() or dtype in {pl.Boolean, pl.Null} else value.cast(pl.String)


def text_bytes(values: pl.Series) -> int:
    """How many bytes all text and bytes within the values have together.

    A Parquet file of a few kilobytes may name one long text a million times; in a frame it still stands there
    once, in a document it would not.
    """
    dtype = values.dtype
    if isinstance(dtype, pl.Map):
        return text_bytes(values.cast(_entries(dtype)))
    if isinstance(dtype, pl.List | pl.Array):
        return text_bytes(values.explode(empty_as_null=False, keep_nulls=False))
    if isinstance(dtype, pl.Struct):
        return sum(text_bytes(held) for held in values.struct.unnest().get_columns())
    if dtype == pl.String:
        sizes = values.str.len_bytes()
    elif dtype == pl.Binary:
        sizes = values.bin.size()
    elif isinstance(dtype, pl.Categorical | pl.Enum):
        sizes = values.cat.len_bytes()
    else:
        return 0
    return int(sizes.cast(pl.Int64).sum())


def _nested(value: pl.Expr, dtype: Dtype) -> pl.Expr:
    """Lists and objects; a map with text for keys is an object, any other one a list of its entries."""
    if isinstance(dtype, pl.Map):
        as_it_is = dtype.key == pl.String and (dtype.value.is_integer() or dtype.value in {pl.String, pl.Boolean})
        return value if as_it_is else json_value(value.cast(_entries(dtype)), _entries(dtype))
    if isinstance(dtype, pl.Array):
        return json_value(value.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.List):
        return value.list.eval(json_value(pl.element(), dtype.inner))
    if isinstance(dtype, pl.Struct) and dtype.fields:
        held = [json_value(value.struct.field(held.name), held.dtype).alias(held.name) for held in dtype.fields]
        return pl.when(value.is_not_null()).then(pl.struct(held))
    return value.cast(pl.String)


def _entries(dtype: pl.Map) -> pl.List:
    return pl.List(pl.Struct({"key": dtype.key, "value": dtype.value}))


def _moment(value: pl.Expr, dtype: Dtype) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return _instant(value, dtype)
    if dtype == pl.Date:
        return _day(value)
    return value.dt.to_string("iso")


def _instant(value: pl.Expr, dtype: pl.Datetime) -> pl.Expr:
    per_day = _PER_DAY[dtype.time_unit]
    ticks = value.cast(pl.Int64)
    first, last = _FIRST_DAY * per_day, (_LAST_DAY + 1) * per_day - 1
    if dtype.time_unit == "ns":
        first, last = -(2**63), 2**63 - 1
    text = ticks.clip(first, last).cast(pl.Datetime(dtype.time_unit)).dt.to_string("%Y-%m-%dT%H:%M:%S%.f+00:00")
    return pl.when(ticks.is_between(first, last)).then(text).when(ticks.is_not_null()).then(pl.lit(OUT_OF_RANGE))


def _day(value: pl.Expr) -> pl.Expr:
    days = value.cast(pl.Int32)
    text = days.clip(_FIRST_DAY, _LAST_DAY).cast(pl.Date).dt.to_string("%Y-%m-%d")
    in_range = days.is_between(_FIRST_DAY, _LAST_DAY)
    return pl.when(in_range).then(text).when(days.is_not_null()).then(pl.lit(OUT_OF_RANGE))
