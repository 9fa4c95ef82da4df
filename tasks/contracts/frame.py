"""What all frame contracts share: a frame that keeps its contract is found to do so by one small query."""

import typing
from typing import Any, Self, overload

import dataframely as dy
import polars as pl


class Frame(dy.Schema):
    """A contract. Most frames keep theirs, and dataframely looks at each rule and row to tell what is wrong."""

    @overload
    @classmethod
    def validate(cls, df: pl.DataFrame, /, *, cast: bool = False, **kwargs: Any) -> dy.DataFrame[Self]: ...
    @overload
    @classmethod
    def validate(cls, df: pl.LazyFrame, /, *, cast: bool = False, **kwargs: Any) -> dy.LazyFrame[Self]: ...
    @classmethod
    def validate(
        cls, df: pl.DataFrame | pl.LazyFrame, /, *, cast: bool = False, **kwargs: Any
    ) -> dy.DataFrame[Self] | dy.LazyFrame[Self]:
        """The frame, with the contract's columns in their order, if it keeps the contract.

        Args:
            df: A frame that has the contract's columns.
            cast: Whether columns of other types are cast.
            kwargs: For Polars, as in dataframely.

        Raises:
            SchemaError: A column is missing, or (without `cast`) of another type.
            ValidationError: A rule is broken; tells which, by how many rows.
            InvalidOperationError: A value cannot be cast.
        """
        if isinstance(df, pl.DataFrame):
            try:
                shaped = cls.cast(df) if cast else df.select(cls.column_names())
                if cls.is_valid(shaped):
                    return typing.cast("dy.DataFrame[Self]", shaped)
            except pl.exceptions.PolarsError:
                pass
        return super().validate(df, cast=cast, **kwargs)
