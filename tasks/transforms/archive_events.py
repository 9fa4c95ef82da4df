"""What to read for the archive, and whether it holds what the source held."""

from datetime import date

import dataframely as dy
import polars as pl

from tasks.contracts.archive_events import (
    ARCHIVED_TABLES,
    ArchivedTable,
    ArchiveState,
    DayChecksum,
    DayProof,
    DueDay,
    StoreColumn,
    TablePlan,
)

DIFFERENCES_TOLD = 10
"""As many differences as an error message lists."""


def plan(
    source: dy.DataFrame[StoreColumn],
    archive: dy.DataFrame[StoreColumn],
    state: dy.DataFrame[ArchiveState],
    due: dy.DataFrame[DueDay],
    /,
    *,
    full: bool,
) -> tuple[TablePlan, ...]:
    """What to read of each table that both sides have, in dependency order.

    Args:
        source: Columns of the account's store.
        archive: Columns of the control store.
        state: How far each table is archived.
        due: Days without a proof that holds.
        full: Prove all days of all tables.
    """
    shared = shared_columns(source, archive)
    return tuple(
        _table_plan(
            table, shared[table.name], state.filter(table_name=table.name), due.filter(table_name=table.name), full=full
        )
        for table in ARCHIVED_TABLES
        if table.name in shared
    )


def shared_columns(
    source: dy.DataFrame[StoreColumn], archive: dy.DataFrame[StoreColumn], /
) -> dict[str, dict[str, str]]:
    """Per table, name and archived type of the columns that both sides have, in the archive's order."""
    shared = archive.join(source, on=["table_name", "column_name"], how="semi", maintain_order="left")
    tables = shared.partition_by("table_name", as_dict=True)
    return {str(name): dict(zip(one["column_name"], one["data_type"], strict=True)) for (name,), one in tables.items()}


def _table_plan(
    table: ArchivedTable, columns: dict[str, str], state: pl.DataFrame, due: pl.DataFrame, *, full: bool
) -> TablePlan:
    after, again = 0, False
    if not state.is_empty():
        archived = set(state["archived_columns"].item())
        again = not set(columns) <= archived
        after = 0 if again else state["change_seq"].item()
    days: tuple[date, ...] = tuple(due["day"].drop_nulls().to_list()) if table.day_is_fixed else ()
    return TablePlan(
        table=table,
        columns=columns,
        after=after,
        again=again,
        due=days,
        prove_all=full or (not table.day_is_fixed and not due.is_empty()),
    )


def ignored_columns(
    source: dy.DataFrame[StoreColumn], archive: dy.DataFrame[StoreColumn], /
) -> dict[str, tuple[str, ...]]:
    """Per table, the columns of the source that the archive has no place for."""
    ignored = source.join(archive, on=["table_name", "column_name"], how="anti", maintain_order="left")
    grouped = ignored.group_by("table_name", maintain_order=True).agg("column_name")
    return dict(zip(grouped["table_name"], map(tuple, grouped["column_name"]), strict=True))


def compare(source: dy.DataFrame[DayChecksum], archived: dy.DataFrame[DayChecksum], /) -> dy.DataFrame[DayProof]:
    """Both sides of each table's day; a side without rows counts 0.

    Where purged rows were hashed in other columns than today's, the number of rows alone decides.
    """
    day = ["table_name", "day"]
    both = source.join(archived, on=day, how="full", coalesce=True, nulls_equal=True, suffix="_archived")
    counted = both.select(
        *day,
        pl.col("rows").fill_null(0).alias("source_rows"),
        pl.col("checksum").fill_null("0").alias("source_checksum"),
        pl.col("rows_archived").fill_null(0).alias("archived_rows"),
        pl.col("checksum_archived").fill_null("0").alias("archived_checksum"),
        (pl.col("comparable").fill_null(value=True) & pl.col("comparable_archived").fill_null(value=True)).alias(
            "comparable"
        ),
    )
    same_rows = pl.col("source_rows") == pl.col("archived_rows")
    same_checksum = pl.col("source_checksum") == pl.col("archived_checksum")
    equal = same_rows & (same_checksum | ~pl.col("comparable"))
    return DayProof.validate(counted.with_columns(equal.alias("equal")).drop("comparable").sort(day))


def differences(proofs: dy.DataFrame[DayProof], /) -> list[str]:
    """Each day that differs, in words: the first of them, and how many more there are."""
    unequal = proofs.filter(~pl.col("equal"))
    contents = pl.when(pl.col("source_rows") == pl.col("archived_rows")).then(pl.lit(", contents differ"))
    told = unequal.head(DIFFERENCES_TOLD).select(
        pl.format(
            "{}, {}: {} rows at the source, {} archived{}",
            "table_name",
            pl.col("day").cast(pl.String).fill_null("all rows"),
            "source_rows",
            "archived_rows",
            contents.otherwise(pl.lit("")),
        )
    )
    more = unequal.height - told.height
    return [*told.to_series().to_list(), *([f"and {more} more"] if more else [])]
