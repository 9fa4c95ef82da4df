"""How far a long run is, in the Prefect UI. A run that is over soon, and one without Prefect, costs nothing."""

from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Final, TypeVar, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

T = TypeVar("T")
FIRST_SECONDS: Final = 5.0
"""A run is long after that."""
NEXT_SECONDS: Final = 10.0
"""How often it is told again."""


def progressing(
    items: Iterable[T], what: str, *, first_seconds: float = FIRST_SECONDS, next_seconds: float = NEXT_SECONDS
) -> Iterator[T]:
    """The items, one after the other; how many were done is shown where there is a run and it takes its time.

    Args:
        items: What is worked on. How many there are is known of a list, a tuple or the like only.
        what: What they are: a part of the artifact's key.
        first_seconds: When it is shown first.
        next_seconds: How often it is shown from then on.
    """
    total = len(items) if isinstance(items, list | tuple | set) else 0
    if not total or FlowRunContext.get() is None:
        yield from items
        return
    shown: UUID | None = None
    tell_at = monotonic() + first_seconds
    for done, item in enumerate(items):
        if done and monotonic() >= tell_at:
            shown, tell_at = _show(shown, what, done, total), monotonic() + next_seconds
        yield item
    if shown:
        _show(shown, what, total, total)


def _show(shown: UUID | None, what: str, done: int, total: int) -> UUID | None:
    percent, text = 100 * done / total, f"{done} of {total} {what}"
    try:
        # From within a running loop Prefect would take these for coroutines.
        if shown:
            update_progress_artifact(shown, percent, text, _sync=True)  # type: ignore[call-arg]
            return shown
        made = create_progress_artifact(percent, f"progress-{what}", text, _sync=True)  # type: ignore[call-arg]
    except Exception as error:  # noqa: BLE001 # what is only told fails no run
        get_run_logger().warning("Progress could not be shown: %s", error)
        return shown
    return cast("UUID", made)
