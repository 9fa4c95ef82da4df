"""What callers were answered: so that a repeated call, or a copy of an event, gets the same answer again.

A ledger beside the stores, for a look must not wait for one of them. Where it is lost, the stores still know every
event: a copy then gets an id of its own, which stands for the event that was there before.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

KEPT: Final = timedelta(days=7)
_LOOKED_UP: Final = 500
_TABLES: Final = """
create table if not exists event (
    account text, event_key text, event_id integer, answered_at real, primary key (account, event_key)
) without rowid;
create table if not exists answer (
    account text, idempotency_key text, request text, status integer, response text, answered_at real,
    primary key (account, idempotency_key)
) without rowid;
"""


class Answers:
    """The ledger of one home; processes share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        self._connection().executescript(_TABLES)

    def known_ids(self, account: str, event_keys: Sequence[str]) -> dict[str, int]:
        """The ids that were answered for events with these keys."""
        found: dict[str, int] = {}
        for start in range(0, len(event_keys), _LOOKED_UP):
            asked = event_keys[start : start + _LOOKED_UP]
            marks = ",".join("?" * len(asked))
            query = f"select event_key, event_id from event where account = ? and event_key in ({marks})"  # noqa: S608 # marks
            found |= dict(self._connection().execute(query, [account, *asked]).fetchall())
        return found

    def keep_ids(self, account: str, ids: Mapping[str, int], *, now: datetime) -> None:
        """Notes what is answered for new events."""
        rows = [(account, key, event_id, now.timestamp()) for key, event_id in ids.items()]
        with self._connection() as connection:
            connection.executemany("insert or ignore into event values (?, ?, ?, ?)", rows)

    def answer(self, account: str, idempotency_key: str) -> tuple[str, int, str] | None:
        """The digest of the request that came with the key, the status and the text of its answer."""
        query = "select request, status, response from answer where account = ? and idempotency_key = ?"
        row: tuple[str, int, str] | None = self._connection().execute(query, (account, idempotency_key)).fetchone()
        return row

    def keep_answer(
        self, account: str, idempotency_key: str, *, request: str, status: int, response: str, now: datetime
    ) -> None:
        """Notes the answer to a request with a key."""
        row = (account, idempotency_key, request, status, response, now.timestamp())
        with self._connection() as connection:
            connection.execute("insert or ignore into answer values (?, ?, ?, ?, ?, ?)", row)

    def forget_old(self, *, now: datetime) -> None:
        """Forgets what was answered more than seven days ago."""
        before = ((now - KEPT).timestamp(),)
        with self._connection() as connection:
            connection.execute("delete from event where answered_at < ?", before)
            connection.execute("delete from answer where answered_at < ?", before)

    def forget(self, address: str) -> None:
        """Forgets events whose keys hold an address."""
        with self._connection() as connection:
            connection.execute("delete from event where instr(lower(event_key), ?) > 0", (address.lower(),))

    def close(self) -> None:
        """Closes the calling thread's connection."""
        with closing(self._connection()):
            del self._local.connection

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._path, timeout=10)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = normal")
            self._local.connection = connection
        made: sqlite3.Connection = self._local.connection
        return made
