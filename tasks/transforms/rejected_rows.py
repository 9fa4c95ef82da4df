"""Rejected rows as people may see them: short, and without whose address it was."""

from typing import Final

import polars as pl

TEXT_LENGTH: Final = 200
_ADDRESS: Final = r"""[^\s"'<>()\[\]{},;:=@]+@([\w-]+(?:\.[\w-]+)*)"""


def shown_rejects(rejected: pl.DataFrame, /) -> pl.DataFrame:
    """`file`, `line`, `reason`, `detail`, `text`: what was before the @ of a mail address is left out."""
    return rejected.select(
        pl.col("source_file").alias("file"),
        "line",
        "reason",
        *(_shown(column).alias(name) for column, name in (("detail", "detail"), ("raw", "text"))),
    )


def _shown(column: str) -> pl.Expr:
    # First masked, then cut: the other way round half an address would remain.
    return pl.col(column).fill_null("").str.replace_all(_ADDRESS, "***@${1}").str.slice(0, TEXT_LENGTH)
