"""What one message may cost: turns of loops, calls and characters are counted while a template runs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from jinja2 import TemplateRuntimeError

MAX_CHARACTERS: Final = 5_000_000
"""What one text of a message, or any value within it, may come to."""
MAX_STEPS: Final = 20_000_000
"""Turns of loops, and characters and items that calls, filters and operators are given."""
_CALL_STEPS: Final = 100
_TURN_STEPS: Final = 5
_LIGHT: Final = frozenset({int, float, bool, type(None)})
_spent: ContextVar[list[int] | None] = ContextVar("spent", default=None)


class TextTooLongError(TemplateRuntimeError):
    """A text grew beyond what a message may be."""

    def __init__(self) -> None:
        super().__init__(f"a text grew beyond {MAX_CHARACTERS:,} characters")


class TooMuchWorkError(TemplateRuntimeError):
    """A template does more than any message needs."""

    def __init__(self) -> None:
        super().__init__(f"the template took more than {MAX_STEPS:,} steps")


@contextmanager
def budget() -> Iterator[None]:
    """Counts from zero what is spent within; what is spent outside is not counted."""
    token = _spent.set([0])
    try:
        yield
    finally:
        _spent.reset(token)


def spend(steps: int) -> None:
    """Counts steps.

    Raises:
        TooMuchWorkError: They are too many.
    """
    if (spent := _spent.get()) is not None:
        spent[0] += steps
        if spent[0] > MAX_STEPS:
            raise TooMuchWorkError


def weigh(*values: Any) -> None:
    """Spends what the values have in them: characters, and items as often as they would be printed.

    Raises:
        TextTooLongError: More than a message may be.
        TooMuchWorkError: Too much together with what was spent before.
    """
    weight = _CALL_STEPS
    open_values = []
    for value in values:
        kind = type(value)
        if kind is str:
            weight += len(value)
        elif kind not in _LIGHT:
            open_values.append(value)
    if open_values:
        weight += _weight(open_values)
    if weight > MAX_CHARACTERS:
        raise TextTooLongError
    spend(weight)


def _weight(open_values: list[Any]) -> int:
    weight = 0
    while open_values:
        value = open_values.pop()
        if isinstance(value, str | bytes):
            weight += len(value)
        elif isinstance(value, list | tuple | set | frozenset | dict):
            weight += len(value) + 1
            if weight <= MAX_CHARACTERS:
                open_values += [*value.keys(), *value.values()] if isinstance(value, dict) else value
        if weight > MAX_CHARACTERS:
            raise TextTooLongError
    return weight


def counted(items: Any) -> Any:
    """The items of a loop, each of them a step."""
    if hasattr(items, "__len__"):
        spend(_TURN_STEPS * len(items))
        return items
    return _counted_one_by_one(items)


def _counted_one_by_one(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        spend(_TURN_STEPS)
        yield item
