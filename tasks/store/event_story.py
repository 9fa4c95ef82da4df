"""The whole story of one event: its rows in every store, ready to be shown or written as JSON."""

import json
import re
from datetime import date, datetime
from itertools import accumulate
from typing import Any, Final

import polars as pl

from tasks.store.connection import Session, StoreFile, reading

ACCOUNT_CHAPTERS: Final = (
    "ingested_file", "event", "template", "delivery", "hand_over", "delivery_log", "tracking_log", "quarantine",
    "replays",
)  # fmt: skip
ARCHIVE_CHAPTERS: Final = ("archived_event", "archived_delivery_log", "archived_tracking_log", "archive_proof")

DEEPEST: Final = 127
"""A `ctx` nested deeper is told as the text it is: few readers of JSON would take it."""
_TEXTS: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

Row = dict[str, Any]


def event_story(account_store: StoreFile, control_store: StoreFile, event_id: int) -> dict[str, list[Row]]:
    """The rows of an event in its account's store and in the control store.

    Ids are texts, since JSON numbers are doubles and cannot hold them; instants are ISO 8601 texts in UTC.

    Args:
        account_store: The store of the account whose cell gave the id.
        control_store: The control store.
        event_id: The event; an id that was answered for a copy of it will do.

    Returns:
        Rows by chapter, in the order of the event's life; a chapter that did not happen is empty.
    """
    with reading(account_store) as session:
        event_id = session.value("event_story/same_event", event_id=event_id)
    story: dict[str, list[Row]] = {}
    for store, chapters in ((account_store, ACCOUNT_CHAPTERS), (control_store, ARCHIVE_CHAPTERS)):
        with reading(store) as session:
            story |= {chapter: _rows(session, chapter, event_id) for chapter in chapters}
    return story


def _rows(session: Session, chapter: str, event_id: int) -> list[Row]:
    frame = session.frame(f"event_story/{chapter}", event_id=event_id)
    ids = [name for name, kind in frame.schema.items() if name.endswith("_id") and kind.is_integer()]
    rows = frame.with_columns(pl.col(ids).cast(pl.String)).to_dicts()
    return [{name: _as_json(name, value) for name, value in row.items()} for row in rows]


def _as_json(name: str, value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if name == "ctx" and value is not None and _depth(value) <= DEEPEST:
        return json.loads(value)
    return value


def _depth(document: str) -> int:
    steps = {"{": 1, "[": 1, "}": -1, "]": -1}
    return max(accumulate(steps.get(one, 0) for one in _TEXTS.sub("", document)), default=0)
