"""A person's address in the stores: where it is, and its erasure."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import polars as pl

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.store.connection import Frames, Session, StoreFile, reading, registered, writing
from tasks.store.statements import filled, quoted

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "event": ("event_key", "email", "mobile_phone", "registration_token", "external_id", "origin", "ctx", "reason"),
    "delivery_log": ("recipient", "reason", "url"),
    "tracking_log": ("user_agent",),
    "quarantine": ("address", "reason"),
    "rejected_event": ("detail", "raw"),
    "rejected_delivery_log": ("detail", "raw"),
    "tracking_url": ("url",),
}
"""Where an address may be, in the account's store and in the archive."""
KEYS: Final = {"event_key": ("event_key",), "duplicate_event": ("event_key",)}
"""In the account's store alone."""
ABOUT: Final = ("event_key", "email", "mobile_phone", "registration_token", "external_id")
"""An event is about an address that one of these holds."""
DAYS: Final = {table.name: table.day for table in ARCHIVED_TABLES}
REPLACEMENT: Final = r"\1<erased>\2"
"""Statements replace twice: what stands between two addresses ends the first match, and cannot begin another."""
_HANDED_OVER: Final = "event_id in (select hand_over.event_id from hand_over)"
_WAITS: Final = f"(status = 'pending' or (status = 'pending_delivery' and not {_HANDED_OVER}))"


@dataclass(frozen=True)
class Address:
    """An address, and how it is found in a text: as a whole, in capitals or not."""

    text: str
    account: str | None = None
    """Whose rows, in the control store."""
    pattern: str = field(init=False)

    def __post_init__(self) -> None:
        """Makes the pattern."""
        around = rf"(^|[^\w.+-]){re.escape(self.text)}($|[^\w.-]|\.$|\.[^\w])"
        object.__setattr__(self, "pattern", around)

    @property
    def names(self) -> dict[str, str]:
        """What is put into statements."""
        is_account = self.account is None
        return {
            "owner": "true" if is_account else "account = $account",
            "change_seq": "nextval('change_seq')" if is_account else "change_seq",
            "waits": _WAITS if is_account else "false",
        }

    @property
    def values(self) -> dict[str, Any]:
        """Parameters that every statement has."""
        return {"pattern": self.pattern} | ({} if self.account is None else {"account": self.account})


def mentions(store: StoreFile, address: Address) -> dict[str, int]:
    """Rows that mention an address, by table."""
    tables = COLUMNS | (KEYS if address.account is None else {})
    with reading(store) as session:
        return {
            table: int(_run(session, address, "count", table=quoted(table), mentions=_mentions(columns))[0][0])
            for table, columns in tables.items()
        }


def erase_in_account(
    store: StoreFile, address: Address, archived_days: Mapping[str, pl.DataFrame], *, now: datetime
) -> int:
    """Erases an address from an account's store, in one transaction; returns how many events were about it.

    Args:
        store: The account's store.
        address: The address.
        archived_days: Of `days_to_change`: these days of purged rows are proved by counts from now on.
        now: The clock of the run.
    """
    with writing(store, purpose="erasing an address") as session:
        for table, days in archived_days.items():
            if days.height:
                session.change("privacy/forget_checksum", {"day": days}, table_name=table)
        with _erased(session, address) as erased:
            _change_all(session, address)
            for table in KEYS:
                _run(session, address, f"erase_{table}")
            _run(session, address, "erase_quarantine", now=now)
            return erased.height


def days_to_change(control: StoreFile, address: Address) -> dict[str, pl.DataFrame]:
    """`day`, by table, of the archived rows of the account that the erasure changes."""
    with reading(control) as session, _erased(session, address):
        return {
            table: pl.DataFrame(
                _run(
                    session, address, "select_days", table=quoted(table), day=quoted(day), mentions=_mentions(columns),
                    of_event="event_id in (select erased.event_id from erased)" if table in _OF_EVENTS else "false",
                ),
                schema={"day": pl.Date},
                orient="row",
            )
            for table, columns in COLUMNS.items()
            if (day := DAYS[table]) is not None
        }  # fmt: skip


def erase_in_archive(control: StoreFile, address: Address) -> int:
    """Erases an address from the archived rows of an account, and has the published data made anew.

    Returns how many events were about it.
    """
    with writing(control, purpose="erasing an address") as session, _erased(session, address) as erased:
        _change_all(session, address)
        _run(session, address, "delete_quarantine")
        session.change("privacy/forget_editions")
        return erased.height


_OF_EVENTS: Final = ("event", "delivery_log", "tracking_log")
_CHANGES: Final = (
    "mend_ctx", "erase_event", "erase_delivery_log", "erase_rejected_event", "erase_rejected_delivery_log",
    "erase_tracking_url", "erase_tracking_log",
)  # fmt: skip


def _change_all(session: Session, address: Address) -> None:
    for name in _CHANGES:
        _run(session, address, name)


@contextmanager
def _erased(session: Session, address: Address) -> Iterator[pl.DataFrame]:
    """The events about an address, for statements to read as `erased`."""
    rows = _run(session, address, "select_events", mentions=_mentions(ABOUT))
    erased = pl.DataFrame(rows, schema={"event_id": pl.Int64}, orient="row")
    frames: Frames = {"erased": erased}
    with registered(session.connection, frames):
        yield erased


def _mentions(columns: tuple[str, ...]) -> str:
    return " or ".join(f"regexp_matches(coalesce({quoted(name)}::varchar, ''), $pattern, 'i')" for name in columns)


def _run(session: Session, address: Address, name: str, /, **more: Any) -> list[tuple[Any, ...]]:
    query = filled(
        f"privacy/{name}", **(address.names | {key: str(value) for key, value in more.items() if key != "now"})
    )
    values = {**address.values, "replacement": REPLACEMENT, **({"now": more["now"]} if "now" in more else {})}
    used = {key: value for key, value in values.items() if f"${key}" in query}
    return session.connection.execute(query, used).fetchall()
