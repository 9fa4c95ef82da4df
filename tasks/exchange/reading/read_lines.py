"""Lines of a text file, and NDJSON, where each line is a row."""

from collections.abc import Iterator
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_received import received_rows

NOT_UTF8: Final = "not valid UTF-8"
_PART_BYTES: Final = 2**26  # cut into lines at once


def physical_lines(content: bytes) -> pl.DataFrame:
    """The lines of a file.

    Returns:
        `line` (from 1), `text` (invalid bytes as backslash escapes, a carriage return at the end kept) and `is_utf8`.
    """
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    lines = pl.concat([_lines(part) for part in _parts(content)])
    return lines.select(pl.int_range(1, pl.len() + 1).alias("line"), "text", "is_utf8")


def _parts(content: bytes) -> Iterator[bytes]:
    """The content in pieces that begin and end where lines do."""
    begin = 0
    while begin <= len(content):
        end = content.find(b"\n", begin + _PART_BYTES)
        end = len(content) if end < 0 else end
        yield content[begin:end]
        begin = end + 1


def _lines(part: bytes) -> pl.DataFrame:
    """`text` and `is_utf8` of the lines of a piece."""
    try:
        whole = pl.Series([part], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        lines = part.split(b"\n")
        texts = [line.decode(errors="backslashreplace") for line in lines]
        is_utf8 = [text.encode() == line for text, line in zip(texts, lines, strict=True)]
        return pl.DataFrame({"text": texts, "is_utf8": is_utf8})
    return pl.DataFrame({"text": whole.str.split("\n").explode()}).with_columns(is_utf8=pl.lit(value=True))


def ndjson_rows(content: bytes) -> dy.DataFrame[ReceivedRow]:
    """One row per line that is not blank; whether a line is JSON is for the reader of the document to say."""
    rows = line_rows(physical_lines(content)).select(
        "line",
        "raw",
        document="raw",
        problem=pl.when(pl.col("is_utf8").not_()).then(pl.lit(f"the line is {NOT_UTF8}")),
    )
    return received_rows(rows)


def line_rows(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines that are not blank, with their `raw`: the `text` without a carriage return at its end."""
    lines = lines.with_columns(raw=pl.col("text").str.strip_chars_end("\r"))
    return lines.filter(pl.col("raw").str.contains(r"\S"))
