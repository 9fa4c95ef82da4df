"""Ids at hand for events that come in, so that nobody who sends one waits for a store."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tasks.account_run import AccountRun
from tasks.store.reserve_ids import reserve_event_ids

BLOCK: Final = 1_000_000


class NoIdsError(RuntimeError):
    """No ids are at hand just now: the store was busy, or could not be opened."""


@dataclass
class EventIds:
    """Ids of one account: when half of a block is used, the next one is fetched beside."""

    run: AccountRun
    _ready: deque[range] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _fetching: threading.Thread | None = None
    trouble: Exception | None = None
    """Why the last block could not be fetched."""

    def take(self, count: int) -> range:
        """So many ids, one after the other.

        Raises:
            NoIdsError: There are not enough of them at hand; more are on their way.
        """
        with self._lock:
            while self._ready and len(self._ready[0]) < count:
                self._ready.popleft()
            if sum(len(block) for block in self._ready) < BLOCK // 2:
                self._fetch_beside()
            if not self._ready:
                raise NoIdsError(f"No event ids are at hand for account {self.run.account.name}: {self.trouble}")
            first = self._ready[0]
            self._ready[0] = first[count:]
            return first[:count]

    def fetch(self) -> None:
        """Fetches a block."""
        try:
            block = reserve_event_ids(self.run.store, BLOCK, cell_id=self.run.account.cell_id)
        except Exception as error:  # noqa: BLE001 # told to whoever asks for ids, and tried again
            self.trouble = error
            return
        with self._lock:
            self.trouble = None
            self._ready.append(block)

    def _fetch_beside(self) -> None:
        if self._fetching is None or not self._fetching.is_alive():
            self._fetching = threading.Thread(target=self.fetch, daemon=True, name="event ids")
            self._fetching.start()
