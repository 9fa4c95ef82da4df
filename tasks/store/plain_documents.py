"""The fields of plain documents, read without an engine: what `extract_event_fields.sql` would make of them."""

import json
import re
from contextlib import suppress
from types import NoneType
from typing import Any, Final

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import EventFields, ReceivedRow

_NAMES: Final = {
    "id": "event_key", "type": "event_type", "email": "email", "mobilePhone": "mobile_phone",
    "mobile_phone": "mobile_phone", "registrationToken": "registration_token",
    "registration_token": "registration_token", "wishedChannel": "wished_channel", "wished_channel": "wished_channel",
    "language": "language", "country": "country", "externalId": "external_id", "external_id": "external_id",
    "origin": "origin", "created": "created", "scheduled": "scheduled", "expiration": "expiration",
}  # fmt: skip
_COLUMNS: Final = ("line", "raw", "problem", *dict.fromkeys(_NAMES.values()), "ctx")
_VALUES: Final = (str, int, NoneType)
_ODD: Final = re.compile(r"\\u(?:00[01]|[dD][89a-fA-F])")
"""Escapes of control characters, which can be written in two ways, and of halves of characters."""
_LARGEST: Final = 2**63
MOST_BYTES: Final = 20_000
"""Larger documents may nest too deep."""
_DEEPEST: Final = 50


class _NotPlainError(ValueError):
    """A document that only the engine reads as the engine does."""


def plain_fields(rows: dy.DataFrame[ReceivedRow]) -> dy.DataFrame[EventFields]:
    """The fields of those rows whose documents are plain.

    These are objects of known fields, each given once, with texts and whole numbers as values, and `ctx` an object in
    which nothing can be written in two ways. Whatever else a document holds leaves it to the engine.
    """
    found: list[tuple[Any, ...]] = []
    for line, raw, document, problem in rows.select("line", "raw", "document", "problem").iter_rows():
        if problem is None and document is not None:
            with suppress(ValueError):
                found.append((line, raw, None, *_fields(document)))
    schema = {name: pl.Int64 if name == "line" else pl.String for name in _COLUMNS}
    return EventFields.validate(pl.DataFrame(found, schema=schema, orient="row"))


def _fields(document: str) -> list[str | None]:
    if len(document) > MOST_BYTES or document.count("{") + document.count("[") > _DEEPEST or _ODD.search(document):
        raise _NotPlainError
    told = json.loads(
        document, object_pairs_hook=_once, parse_int=_whole, parse_float=_decimal, parse_constant=_refused
    )
    ctx = told.pop("ctx", None) if type(told) is dict else 0
    if ctx is not None and type(ctx) is not dict:
        raise _NotPlainError
    found: dict[str, str | None] = dict.fromkeys(_COLUMNS[3:-1])
    for name, value in told.items():
        column = _NAMES.get(name)
        if column is None or found[column] is not None or type(value) not in _VALUES:
            raise _NotPlainError
        found[column] = None if value is None else str(value)
    return [*found.values(), json.dumps(ctx or {}, ensure_ascii=False, separators=(",", ":"))]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotPlainError
    return found


def _whole(text: str) -> int:
    value = int(text)
    if str(value) != text or not -_LARGEST <= value < _LARGEST:
        raise _NotPlainError
    return value


def _decimal(text: str) -> float:
    value = float(text)
    if "e" in text.lower() or repr(value) != text:
        raise _NotPlainError
    return value


def _refused(_: str) -> None:
    raise _NotPlainError
