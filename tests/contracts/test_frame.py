"""Contracts as frames: what is found kept by one query is what dataframely finds kept."""

import dataframely as dy
import polars as pl
import pytest

from tasks.contracts.frame import Frame


class Pair(Frame):
    number = dy.Int64(primary_key=True)
    name = dy.String(nullable=True, min_length=1)


KEPT = pl.DataFrame({"name": ["a", None], "number": [1, 2], "more": [0, 0]})


def test_a_frame_that_keeps_its_contract_comes_back_with_its_columns_in_order() -> None:
    assert Pair.validate(KEPT).rows() == [(1, "a"), (2, None)]
    assert Pair.validate(KEPT.with_columns(pl.col("number").cast(pl.String)), cast=True).rows() == [(1, "a"), (2, None)]
    assert Pair.validate(KEPT.lazy()).collect().rows() == [(1, "a"), (2, None)]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (pl.lit(1, pl.Int64).alias("number"), "primary_key"),
        (pl.lit("").alias("name"), "min_length"),
        (pl.lit(None, pl.Int64).alias("number"), "nullability"),
    ],
)
def test_a_rule_that_is_broken_is_named(change: pl.Expr, error: str) -> None:
    with pytest.raises(dy.exc.ValidationError, match=error):
        Pair.validate(KEPT.with_columns(change))


def test_columns_that_are_missing_or_of_another_type_are_told() -> None:
    with pytest.raises(dy.exc.SchemaError):
        Pair.validate(KEPT.drop("name"))
    with pytest.raises(dy.exc.SchemaError):
        Pair.validate(KEPT.with_columns(pl.col("number").cast(pl.String)))
