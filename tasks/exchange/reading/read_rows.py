"""Any input file as rows of one shape: NDJSON, JSON, CSV, Parquet and Message Center XML."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import dataframely as dy

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_csv import SEPARATORS, csv_rows
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_json import json_rows
from tasks.exchange.reading.read_lines import ndjson_rows
from tasks.exchange.reading.read_parquet import parquet_rows
from tasks.exchange.reading.read_received import LINE_COST_BYTES, most_rows, too_many_rows
from tasks.exchange.reading.read_xml import xml_rows
from tasks.exchange.reading.uncompress import as_utf8, uncompressed

__all__ = ["KNOWN_COLUMNS", "SUFFIXES", "FileRows", "Format", "UnreadableFileError", "format_of", "read_rows"]

Format = Literal["ndjson", "json", "csv", "parquet", "xml"]
SUFFIXES: Final[dict[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".xml": "xml",
}
KNOWN_COLUMNS: Final = ("type", "kind")
"""What no event and no delivery-log row can do without: a CSV file that names neither has no header."""
_PARQUET_MAGIC: Final = b"PAR1"


@dataclass(frozen=True)
class FileRows:
    """The rows of a file, and the format they were read as."""

    format: Format
    rows: dy.DataFrame[ReceivedRow]


def read_rows(path: Path, *, max_bytes: int, known_columns: Collection[str] = KNOWN_COLUMNS) -> FileRows:
    """Reads a whole file; a row that cannot be read keeps its place and says why.

    Args:
        path: The file, possibly gzip or zstandard, its format told by its suffix, else by its content.
        max_bytes: The most that it may hold, uncompressed.
        known_columns: A CSV header must name at least one of these; none: any header will do.

    Raises:
        UnreadableFileError: The file as a whole cannot be read; the message is for whoever sent it.
    """
    content, marked = uncompressed(path, max_bytes=max_bytes), False
    format_ = format_of(path)
    if format_ != "parquet" and not content.startswith(_PARQUET_MAGIC):
        content, marked = as_utf8(content, path.name)
    most = most_rows(max_bytes)
    match format_ or recognised(content, path.name):
        case "parquet":
            return FileRows("parquet", parquet_rows(content, path.name, max_bytes=max_bytes))
        case "xml":
            return FileRows("xml", xml_rows(content, path.name, is_utf8=marked, most=most))
        case "csv":
            _check_lines(content, path.name, max_bytes)
            file = FileRows("csv", csv_rows(content, path.name, known_columns=known_columns))
        case "json":
            file = _json(content, path.name, max_bytes)
        case "ndjson":
            file = _lines(content, path.name, max_bytes)
    if file.rows.height > most:
        raise too_many_rows(path.name, most)
    return file


def format_of(path: Path) -> Format | None:
    """The format that the name says, compressed or not; null where it says none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in {".gz", ".zst"}:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def recognised(content: bytes, name: str) -> Format:
    """The format that the content shows."""
    if content.startswith(_PARQUET_MAGIC):
        return "parquet"
    head = content[:65_536].lstrip()
    if not head or head[:1] in b"{[":
        return "json"
    if head[:1] == b"<":
        return "xml"
    header = head.partition(b"\n")[0].decode(errors="replace").strip()
    if header.replace("\t", "").isprintable() and any(separator in header for separator in SEPARATORS):
        return "csv"
    raise UnreadableFileError(
        f"{name} is no NDJSON, JSON, CSV, Parquet or XML; send one of these, with its suffix "
        f"({', '.join(SUFFIXES)}; text also with .gz or .zst)"
    )


def _json(content: bytes, name: str, max_bytes: int) -> FileRows:
    if content.lstrip()[:1] != b"[":
        _check_lines(content, name, max_bytes)
    format_, rows = json_rows(content, name, most=most_rows(max_bytes))
    return FileRows("json" if format_ == "json" else "ndjson", rows)


def _lines(content: bytes, name: str, max_bytes: int) -> FileRows:
    """Lines, even where the first begins like an array: only a file that is arrays throughout is read as such."""
    if content.lstrip()[:1] == b"[":
        try:
            return _json(content, name, max_bytes)
        except UnreadableFileError:
            pass
    _check_lines(content, name, max_bytes)
    return FileRows("ndjson", ndjson_rows(content))


def _check_lines(content: bytes, name: str, max_bytes: int) -> None:
    """Before anything is made of the lines: blank ones take memory too."""
    most = most_rows(max_bytes, LINE_COST_BYTES)
    if max(content.count(b"\n"), content.count(b"\r")) > most:
        raise too_many_rows(name, most)
