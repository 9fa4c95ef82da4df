"""Calls that are made durable together: while one group is, the next one gathers."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
MOST_ITEMS: Final = 2_000


class Groups(Generic[Item, Result]):
    """What waits is committed in groups, one group at a time, in a thread; nobody waits for more than two of them."""

    def __init__(self, commit: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._commit = commit
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._work: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """The result of an item, once its group is committed.

        Raises:
            Exception: What the commit raised over it alone.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._go_on())
        return await asyncio.shield(future)

    async def ended(self) -> None:
        """Waits until nothing waits any more."""
        while self._work and not self._work.done():
            await asyncio.wait([self._work])

    async def _go_on(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:MOST_ITEMS], self._waiting[MOST_ITEMS:]
            await self._end(group)

    async def _end(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await asyncio.to_thread(self._commit, [item for item, _ in group])
        except Exception as error:  # noqa: BLE001 # told to those who wait
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for one in group:  # what one of them brings about must not cost the others
                await self._end([one])
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)
