"""JSON files: arrays of rows, or one row over many lines. Each row keeps the text it had."""

import re
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.json_extent import JsonExtents
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_lines import ndjson_rows
from tasks.exchange.reading.read_received import received_rows, too_many_rows

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_NEXT_OBJECT: Final = re.compile(r"\n\{")


def json_array_rows(content: bytes, name: str, *, most: int) -> dy.DataFrame[ReceivedRow]:
    """One row per element of a JSON array, or of several arrays one after the other; `line` counts elements.

    Args:
        content: The file in UTF-8.
        name: What to call it in messages.
        most: As many elements are read.

    Raises:
        UnreadableFileError: The array is broken, so that nobody can say where its elements end; or too many of them.
    """
    extents = JsonExtents(_text(content, name))
    elements: list[str] = []
    at = _after_blank(extents.text, 0)
    try:
        while at < len(extents.text):
            at = _read_array(extents, at, elements, most)
    except ValueError as error:
        raise UnreadableFileError(
            f"{name} is no JSON array: {error}, after {len(elements)} whole elements; mend the array, "
            "or send one object per line"
        ) from error
    if len(elements) > most:
        raise too_many_rows(name, most)
    return _rows(elements)


def json_object_rows(content: bytes, name: str) -> dy.DataFrame[ReceivedRow] | None:
    """The row of the one object that the file holds; null where the file holds lines of JSON.

    Raises:
        UnreadableFileError: One object over several lines, and broken.
    """
    found = json_object(content, name)
    return None if found is None else _rows([found])


def json_object(content: bytes, name: str) -> str | None:
    """The text of the one object that the file holds, however it is laid out; null where it holds lines of JSON.

    Raises:
        UnreadableFileError: One object over several lines, and broken.
    """
    try:
        text = content.decode()
        start = _after_blank(text, 0)
        end = JsonExtents(text).value_end(start)
    except UnicodeDecodeError:
        return None
    except ValueError as error:
        if "\n" not in text.strip() or _NEXT_OBJECT.search(text, start):
            return None
        raise UnreadableFileError(
            f"{name} is neither one JSON object nor one object per line: {error}; mend it and send it again"
        ) from error
    return text[start:end] if _after_blank(text, end) == len(text) else None


def json_rows(content: bytes, name: str, *, most: int) -> tuple[str, dy.DataFrame[ReceivedRow]]:
    """The rows of a JSON file, with what it turned out to be: `json` or `ndjson`."""
    first = content.lstrip()[:1]
    if first == b"[":
        return "json", json_array_rows(content, name, most=most)
    one_object = json_object_rows(content, name) if first == b"{" else None
    return ("ndjson", ndjson_rows(content)) if one_object is None else ("json", one_object)


def _read_array(extents: JsonExtents, at: int, elements: list[str], most: int) -> int:
    """Appends the elements of the array at `at`; returns where the next thing after it begins."""
    text = extents.text
    if text[at] != "[":
        raise ValueError(f"'[' expected at character {at + 1:,}")
    at = _after_blank(text, at + 1)
    if text[at : at + 1] == "]":
        return _after_blank(text, at + 1)
    while len(elements) <= most:
        end = extents.value_end(at)
        elements.append(text[at:end])
        at = _after_blank(text, end)
        follower = text[at : at + 1]
        at = _after_blank(text, at + 1)
        if follower == "]":
            return at
        if follower != ",":
            raise ValueError(f"',' or ']' expected at character {at:,}")
    return len(text)


def _after_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{name} is no JSON array in UTF-8: {error}; send it as UTF-8") from error


def _rows(documents: list[str]) -> dy.DataFrame[ReceivedRow]:
    raw = pl.Series(documents, dtype=pl.String)
    return received_rows(
        pl.DataFrame({"line": pl.int_range(1, raw.len() + 1, eager=True), "raw": raw, "document": raw})
    )
