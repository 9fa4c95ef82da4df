"""JSON files: arrays of rows, or one row over many lines. Each row keeps the text it had."""

import json
import re
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_lines import ndjson_rows
from tasks.exchange.reading.read_received import received_rows

# Only the extent of a value matters here: numbers stay text, however long they are, and control characters pass.
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_NEXT_OBJECT: Final = re.compile(r"\n\{")


def json_array_rows(content: bytes, name: str) -> dy.DataFrame[ReceivedRow]:
    """One row per element of a JSON array, or of several arrays one after the other; `line` counts elements.

    Raises:
        UnreadableFileError: The array is broken, so that nobody can say where its elements end.
    """
    text = _text(content, name)
    elements: list[str] = []
    at = _after_blank(text, 0)
    try:
        while at < len(text):
            at = _read_array(text, at, elements)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UnreadableFileError(
            f"{name} is no JSON array: {why}, after {len(elements)} whole elements; mend the array, "
            "or send one object per line"
        ) from error
    return _rows(elements)


def json_object_rows(content: bytes, name: str) -> dy.DataFrame[ReceivedRow] | None:
    """The one object that the file holds, however it is laid out; null where the file holds lines of JSON.

    Raises:
        UnreadableFileError: One object over several lines, and broken.
    """
    try:
        text = content.decode()
        start = _after_blank(text, 0)
        end = _value_end(text, start)
    except UnicodeDecodeError:
        return None
    except (ValueError, RecursionError) as error:
        if "\n" not in text.strip() or _NEXT_OBJECT.search(text, start):
            return None
        raise UnreadableFileError(
            f"{name} is neither one JSON object nor one object per line: {error}; mend it and send it again"
        ) from error
    return _rows([text[start:end]]) if _after_blank(text, end) == len(text) else None


def json_rows(content: bytes, name: str) -> tuple[str, dy.DataFrame[ReceivedRow]]:
    """The rows of a JSON file, with what it turned out to be: `json` or `ndjson`."""
    first = content.lstrip()[:1]
    if first == b"[":
        return "json", json_array_rows(content, name)
    one_object = json_object_rows(content, name) if first == b"{" else None
    return ("ndjson", ndjson_rows(content)) if one_object is None else ("json", one_object)


def _read_array(text: str, at: int, elements: list[str]) -> int:
    """Appends the elements of the array at `at`; returns where the next thing after it begins."""
    if text[at] != "[":
        raise ValueError(f"'[' expected at character {at + 1:,}")
    at = _after_blank(text, at + 1)
    if text[at : at + 1] == "]":
        return _after_blank(text, at + 1)
    while True:
        end = _value_end(text, at)
        elements.append(text[at:end])
        at = _after_blank(text, end)
        follower = text[at : at + 1]
        at = _after_blank(text, at + 1)
        if follower == "]":
            return at
        if follower != ",":
            raise ValueError(f"',' or ']' expected at character {at:,}")


def _value_end(text: str, at: int) -> int:
    return _DECODER.raw_decode(text, at)[1]


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
