"""Lines of a text file, and NDJSON, where each line is a row."""

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_received import received_rows

NOT_UTF8 = "not valid UTF-8"


def physical_lines(content: bytes) -> pl.DataFrame:
    """The lines of a file.

    Returns:
        `line` (from 1), `text` (invalid bytes as backslash escapes, a carriage return at the end kept) and `is_utf8`.
    """
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    is_utf8: pl.Series | pl.Expr
    try:
        texts = content.decode().split("\n")
        is_utf8 = pl.lit(value=True)
    except UnicodeDecodeError:
        lines = content.split(b"\n")
        texts = [line.decode(errors="backslashreplace") for line in lines]
        is_utf8 = pl.Series([text.encode() == line for text, line in zip(texts, lines, strict=True)], dtype=pl.Boolean)
    lines_frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    return lines_frame.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64), is_utf8=is_utf8)


def ndjson_rows(content: bytes) -> dy.DataFrame[ReceivedRow]:
    """One row per line that is not blank; whether a line is JSON is for the reader of the document to say."""
    lines = physical_lines(content).with_columns(raw=pl.col("text").str.strip_chars_end("\r"))
    rows = lines.filter(pl.col("raw").str.contains(r"\S")).select(
        "line",
        "raw",
        document="raw",
        problem=pl.when(pl.col("is_utf8").not_()).then(pl.lit(f"the line is {NOT_UTF8}")),
    )
    return received_rows(rows)
