"""The body of a call as rows: JSON, lines of JSON, CloudEvents in their three modes, Message Center XML."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_json import json_array_rows, json_object
from tasks.exchange.reading.read_xml import xml_rows

Row = tuple[str, str | None, str | None]
"""`raw`, `document`, `problem`."""
JSON_TYPES: Final = ("application/json", "application/cloudevents+json", "application/cloudevents-batch+json")
LINES_TYPES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
XML_TYPES: Final = ("application/xml", "text/xml")
_NAME: Final = "The body"


class UnknownTypeError(ValueError):
    """The content is of a type that is not read."""


def call_rows(content: bytes, headers: Mapping[str, str], *, most: int) -> list[Row]:
    """The rows of a call.

    Args:
        content: The body.
        headers: The headers, names in small letters.
        most: As many rows are read.

    Raises:
        UnknownTypeError: The content type is none of these; names them.
        UnreadableFileError: The body as a whole cannot be read, or holds more rows.
    """
    kind = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if "ce-specversion" in headers:
        rows = [_binary_mode(content, headers)]
    elif kind in JSON_TYPES:
        rows = _json(content, most)
    elif kind in LINES_TYPES:
        rows = [(line, line, None) for line in _decoded(content).split("\n") if line.strip()]
    elif kind in XML_TYPES:
        rows = xml_rows(content, _NAME, is_utf8=False, most=most).select("raw", "document", "problem").rows()
    else:
        known = ", ".join((*JSON_TYPES, *LINES_TYPES, *XML_TYPES))
        raise UnknownTypeError(f"Content of type {kind[:100]!r} is not read; send one of {known}")
    if len(rows) > most:
        raise UnreadableFileError(f"{_NAME} holds more than {most:,} events; send them in several calls")
    return rows


def _json(content: bytes, most: int) -> list[Row]:
    if content.lstrip()[:1] == b"[":
        return json_array_rows(content, _NAME, most=most).select("raw", "document", "problem").rows()
    text = json_object(content, _NAME)
    if text is None:
        raise UnreadableFileError(
            f"{_NAME} is no JSON object or array in UTF-8; send one, or lines as {LINES_TYPES[0]}"
        )
    return [(text, text, None)]


def _binary_mode(content: bytes, headers: Mapping[str, str]) -> Row:
    """CloudEvents over HTTP, binary mode: attributes in `ce-` headers, the body is the data."""
    attributes = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    text = _decoded(content)
    try:
        json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"{_NAME} of a CloudEvent in binary mode is no JSON: {error}") from error
    envelope = json.dumps(attributes, ensure_ascii=False)[:-1] + f', "data": {text or "{}"}}}'
    return (envelope, envelope, None)


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"{_NAME} is not UTF-8: {error}") from error
