"""Tells of what waits for flows that others start: files, again for as long as they stay, and changes of the store."""

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasks.account_run import AccountRun
from tasks.announce import News, announce
from tasks.exchange.inbox import some_waiting
from tasks.store.due_events import Signature, signature

LOOK_SECONDS: Final = 1.0
APART_SECONDS: Final = 2.0
"""Between two announcements of new files, at least: a flow takes in all that waits."""
QUIET_SECONDS: Final = 10.0
UNQUIET_SECONDS: Final = 60.0
"""A store that goes on changing is told of all the same."""
CHANGES_APART_SECONDS: Final = 120.0
CHANGE_AGAIN_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = (15.0, 30.0, 60.0)
"""From one announcement of the same files to the next; the last of these from then on."""


@dataclass
class WaitingNews:
    """When to tell of the files in a folder. What was told of may go unheard, so it is told again."""

    _known: Set[str] = frozenset()
    _has_new: bool = False
    _told_at: float | None = None
    _told_again: int = 0

    def is_due(self, waiting: Set[str], *, at: float) -> bool:
        """Whether to tell now.

        Args:
            waiting: Names of the files that wait now.
            at: Now, in seconds of a clock that never goes back.
        """
        self._has_new = bool(waiting) and (self._has_new or not waiting <= self._known)
        self._known = waiting
        if not waiting:
            self._told_again = 0
            return False
        gap = APART_SECONDS if self._has_new else AGAIN_SECONDS[min(self._told_again, len(AGAIN_SECONDS) - 1)]
        if self._told_at is not None and at - self._told_at < gap:
            return False
        self._told_again = 0 if self._has_new else self._told_again + 1
        self._told_at, self._has_new = at, False
        return True


@dataclass
class ChangeNews:
    """When to tell that a store changed: once it is quiet, or has not been for long; and once more, if unheard."""

    _seen: Signature | None = None
    _changed_at: float = 0.0
    _first_at: float | None = None
    """Since when there is something to tell."""
    _told_at: float = float("-inf")
    _again_at: float | None = None

    @property
    def is_untold(self) -> bool:
        """Whether there is something to tell that is not due yet."""
        return self._first_at is not None

    def is_due(self, store: Signature, *, at: float) -> bool:
        """Whether to tell now.

        Args:
            store: What shows that it changed.
            at: Now, in seconds of a clock that never goes back.
        """
        self._seen = store if self._seen is None else self._seen
        if store != self._seen:
            self._seen, self._changed_at = store, at
            self._first_at = at if self._first_at is None else self._first_at
        if self._first_at is None:
            is_due = self._again_at is not None and at >= self._again_at
            self._again_at = None if is_due else self._again_at
            return is_due
        is_ripe = at - self._changed_at >= QUIET_SECONDS or at - self._first_at >= UNQUIET_SECONDS
        if not is_ripe or at - self._told_at < CHANGES_APART_SECONDS:
            return False
        self._told_at, self._first_at = at, None
        self._again_at = at + CHANGE_AGAIN_SECONDS
        return True


Tell = Callable[..., None]


@dataclass
class InboxWatch:
    """Looks at the inboxes of an account that the real-time loop does not empty itself, and at its store."""

    tell: Tell = announce
    _looked_at: float | None = None
    _news: dict[News, WaitingNews] = field(default_factory=dict)
    _changes: ChangeNews = field(default_factory=ChangeNews)

    def look(self, run: AccountRun, *, at: float) -> None:
        """Tells of files that wait, where it is time to look and to tell."""
        if self._looked_at is not None and at - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = at
        for news, folder in _folders(run).items():
            waiting = some_waiting(folder)
            if self._news.setdefault(news, WaitingNews()).is_due(waiting, at=at):
                self.tell(news, run.account.name, files=len(waiting))
        if self._changes.is_due(signature(run.store), at=at):
            self.tell("events.changed", run.account.name)

    def end(self, run: AccountRun) -> None:
        """Tells what is not due yet: whoever looks next takes the store as it is for known."""
        if self._changes.is_untold:
            self.tell("events.changed", run.account.name)


def _folders(run: AccountRun) -> dict[News, Path]:
    name = run.account.name
    return {
        "events.landed": run.settings.inbox(name, "batch"),
        "delivery-logs.landed": run.settings.delivery_log_inbox(name),
    }
