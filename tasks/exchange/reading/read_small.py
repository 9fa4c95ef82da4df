"""Many small files as rows of one frame: making a frame of each takes longer than all else that is done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow, RowPlace
from tasks.exchange.reading.read_json import json_object
from tasks.exchange.reading.read_lines import line_rows
from tasks.exchange.reading.read_received import received_rows
from tasks.exchange.reading.read_rows import Format, format_of, read_rows, recognised
from tasks.exchange.reading.uncompress import as_utf8, uncompressed

FEW_LINES: Final = 1_000
"""More than these are worth a frame of their own."""


@dataclass(frozen=True)
class SmallFile:
    """A file as it was read, not a frame yet where it could be avoided."""

    format: Format
    rows: dy.DataFrame[ReceivedRow] | None
    lines: tuple[str, ...] = ()
    """Its lines, blank ones too, or the one object that it holds; where `rows` is null."""
    size: int = 0
    """Bytes, uncompressed."""


@dataclass(frozen=True)
class ManyRows:
    """The rows of many files, their lines counted over all of them."""

    rows: dy.DataFrame[ReceivedRow]
    places: dy.DataFrame[RowPlace]


def read_small(path: Path, *, max_bytes: int) -> SmallFile:
    """Reads a file; the same rows as `read_rows` gives.

    Raises:
        UnreadableFileError: It cannot be read as a whole, or is larger than `max_bytes`.
    """
    content = uncompressed(path, max_bytes=max_bytes)
    try:
        plain = _plain(content, path)
    except UnicodeDecodeError:
        plain = None
    if plain is not None:
        return SmallFile(plain[0], None, plain[1], len(content))
    file = read_rows(path, max_bytes=max_bytes)
    return SmallFile(file.format, file.rows, size=max(len(content), int(file.rows.estimated_size())))


def many_rows(files: Sequence[SmallFile]) -> ManyRows:
    """The rows of the files, one file after the other."""
    numbers: list[int] = []
    lines: list[int] = []
    texts: list[str] = []
    for number, file in enumerate(files):
        numbers += [number] * len(file.lines)
        lines += range(1, len(file.lines) + 1)
        texts += file.lines
    columns = pl.Schema({"file": pl.Int64(), "file_line": pl.Int64(), "text": pl.String()})
    plain = line_rows(pl.DataFrame({"file": numbers, "file_line": lines, "text": texts}, schema=columns))
    problem = pl.lit(None, pl.String).alias("problem")
    parts = [plain.select("file", "file_line", "raw", pl.col("raw").alias("document"), problem)]
    parts += [
        file.rows.select(
            pl.lit(number, pl.Int64).alias("file"), pl.col("line").alias("file_line"), "raw", "document", "problem"
        )
        for number, file in enumerate(files)
        if file.rows is not None
    ]
    rows = pl.concat(parts).sort("file", maintain_order=True).with_columns(line=pl.int_range(1, pl.len() + 1))
    return ManyRows(received_rows(rows), RowPlace.cast(rows.select("line", "file", "file_line")))


def _plain(content: bytes, path: Path) -> tuple[Format, tuple[str, ...]] | None:
    """JSON and NDJSON of few lines; null where the file is anything else.

    Raises:
        UnicodeDecodeError: It is text, and not all of it is UTF-8.
        UnreadableFileError: It cannot be read as a whole.
    """
    format_ = format_of(path)
    if format_ not in {"json", "ndjson", None} or content.startswith(b"PAR1"):
        return None
    content, _ = as_utf8(content, path.name)
    format_ = format_ or recognised(content, path.name)
    first = content.lstrip()[:1]
    if (
        format_ not in {"json", "ndjson"}
        or first == b"["
        or max(content.count(b"\n"), content.count(b"\r")) > FEW_LINES
    ):
        return None
    if format_ == "json" and first == b"{" and (found := json_object(content, path.name)) is not None:
        return "json", (found,)
    text = content.decode()
    return "ndjson", tuple((text if "\n" in text else text.replace("\r", "\n")).split("\n"))
