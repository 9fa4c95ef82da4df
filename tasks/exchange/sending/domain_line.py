"""Messages that wait for a connection, no faster to a domain than it takes them."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from tasks.contracts.accounts import DomainLimit

OTHERS: Final = "*"
FREE: Final = DomainLimit()
SECONDS_BETWEEN_LOOKS: Final = 0.02


class DomainLine:
    """The messages of a batch, in their order but for those whose domain takes no more just now."""

    def __init__(self, messages: Sequence[dict[str, Any]], limits: Mapping[str, DomainLimit]) -> None:
        self.waiting: list[dict[str, Any]] = list(reversed(messages))
        self._limits = {domain.lower(): limit for domain, limit in limits.items()}
        self._under_way: Counter[str] = Counter()
        self._free_at: dict[str, float] = {}

    @asynccontextmanager
    async def next(self) -> AsyncIterator[dict[str, Any] | None]:
        """The next message that its domain takes now, once there is one; None where another took the last.

        The message is under way for as long as the block runs.
        """
        while (message := self._taken()) is None and self.waiting:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        if message is None:
            yield None
            return
        domain = _domain(message)
        self._under_way[domain] += 1
        try:
            yield message
        finally:
            self._under_way[domain] -= 1

    def again(self, message: dict[str, Any]) -> None:
        """Puts a message back that did not leave."""
        self.waiting.append(message)

    def _taken(self) -> dict[str, Any] | None:
        if not self._limits:
            return self.waiting.pop() if self.waiting else None
        full: set[str] = set()
        for place in range(len(self.waiting) - 1, -1, -1):
            domain = _domain(self.waiting[place])
            if domain not in full and self._takes(domain):
                return self.waiting.pop(place)
            full.add(domain)
        return None

    def _takes(self, domain: str) -> bool:
        limit = self._limits.get(domain) or self._limits.get(OTHERS, FREE)
        if limit.at_once is not None and self._under_way[domain] >= limit.at_once:
            return False
        if limit.per_minute is not None:
            now = time.monotonic()
            if now < self._free_at.get(domain, now):
                return False
            self._free_at[domain] = max(now, self._free_at.get(domain, now)) + 60 / limit.per_minute
        return True


def _domain(message: Mapping[str, Any]) -> str:
    return str(message["recipient"]).rpartition("@")[2].lower()
