"""CSV and TSV: a header row names the fields of the rows below it."""

from collections import Counter
from collections.abc import Collection
from io import BytesIO
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_csv_records import column_count, csv_records, is_well_formed
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_lines import physical_lines
from tasks.exchange.reading.read_received import MOST_COLUMNS, received_rows

SEPARATORS: Final = (",", ";", "\t", "|")


def csv_rows(content: bytes, name: str, *, known_columns: Collection[str] = ()) -> dy.DataFrame[ReceivedRow]:
    """One row per record; every value is text, an empty one null. `line` is where the record begins.

    Args:
        content: The file in UTF-8, without a byte order mark.
        name: What to call the file in messages.
        known_columns: Where given, the header must name at least one of these.

    Raises:
        UnreadableFileError: No header that names each column once.
    """
    lines = physical_lines(content)
    filled = lines.with_row_index("row").filter(pl.col("text").str.strip_chars() != "")
    if filled.is_empty():
        return received_rows(pl.DataFrame(schema={"line": pl.Int64, "raw": pl.String, "document": pl.String}))
    separator = header_separator(str(filled["text"][0]))
    columns = _header(filled.head(1), name, separator)
    if known_columns and not set(columns) & set(known_columns):
        raise UnreadableFileError(
            f"{name}: no column named {' or '.join(known_columns)} in its first row ({', '.join(columns)[:200]}); "
            "name the columns there"
        )
    records = csv_records(lines.slice(int(filled["row"][0]) + 1), separator, len(columns))
    return received_rows(records.with_columns(document=_documents(records, columns, separator)))


def header_separator(header: str) -> str:
    """The separator that the header has most of, outside quotes; a comma where it has none."""
    bare = pl.DataFrame({"raw": [header]})
    counts = {separator: int(bare.select(column_count(separator)).item()) for separator in SEPARATORS}
    return max(SEPARATORS, key=counts.__getitem__)


def _header(first: pl.DataFrame, name: str, separator: str) -> list[str]:
    header = first.select(raw=pl.col("text").str.strip_chars_end("\r"))
    if not first["is_utf8"][0] or not header.select(is_well_formed(separator)).item():
        raise UnreadableFileError(f"{name}: the header row is not UTF-8 or has unbalanced quotes; write it anew")
    width = int(header.select(column_count(separator)).item())
    if width > MOST_COLUMNS:
        raise UnreadableFileError(f"{name} has {width:,} columns, {MOST_COLUMNS:,} at most are read; leave some out")
    columns = ["" if cell is None else str(cell).strip() for cell in _cells(header["raw"], width, separator).row(0)]
    if "" in columns:
        raise UnreadableFileError(f"{name}: column {columns.index('') + 1} has no name; name it in the header row")
    repeated = ", ".join(sorted(column for column, count in Counter(columns).items() if count > 1))
    if repeated:
        raise UnreadableFileError(f"{name}: the header names {repeated[:200]} more than once; keep one of each")
    return columns


def _documents(records: pl.DataFrame, columns: list[str], separator: str) -> pl.Series:
    """A JSON object per record, null for broken ones."""
    good = records.select(pl.col("problem").is_null().arg_true()).to_series()
    documents = pl.Series([None] * records.height, dtype=pl.String)
    if good.is_empty():
        return documents
    cells = _cells(records["raw"].gather(good), len(columns), separator)
    cells.columns = columns
    return documents.scatter(good, cells.select(pl.struct(pl.all()).struct.json_encode()).to_series())


def _cells(records: pl.Series, width: int, separator: str) -> pl.DataFrame:
    """The values of well-formed records."""
    cells = pl.read_csv(
        BytesIO("\n".join(records.to_list()).encode() + b"\n"),
        has_header=False,
        separator=separator,
        infer_schema=False,
        schema={f"column_{number}": pl.String for number in range(width)},
    )
    return cells.select(pl.when(pl.all() != "").then(pl.all()))
