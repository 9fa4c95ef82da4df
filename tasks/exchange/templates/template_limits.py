"""Filters, methods and operators that make much of little: refused before they do."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from jinja2.exceptions import SecurityError

from tasks.exchange.templates.template_budget import MAX_CHARACTERS, TextTooLongError, weigh

MAX_BITS: Final = 100_000
"""How large a whole number a template may make by multiplication."""
MAX_WIDTH: Final = 10_000
"""Of a padded text, and of anything else that a filter is told in numbers."""
_WIDE: Final = frozenset({"batch", "center", "indent", "ljust", "rjust", "round", "slice", "tojson", "zfill"})
_PER_LINE: Final = {"indent": "\n", "expandtabs": "\t"}
_FORMATS: Final = frozenset({"format", "format_map"})
_REFUSED: Final = frozenset({"translate", "maketrans"})
_CHECKED: Final = frozenset({*_WIDE, *_PER_LINE, *_FORMATS, *_REFUSED, "replace", "join"})
_LONG_WIDTH: Final = re.compile(r"\d{5}")
_GIVEN_WIDTH: Final = re.compile(r"%[^a-zA-Z%]*\*|\{[^{}]*\{")


def weighed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose arguments and whose result are weighed."""

    @wraps(work)
    def doing(*arguments: Any, **named: Any) -> Any:
        check_call(name, (*arguments, *named.values()))
        result = work(*arguments, **named)
        weigh(result)
        return result

    return doing


def check_call(name: str, values: tuple[Any, ...]) -> None:
    """Refuses a filter, or a method of a text, that would make too much of what it is given.

    Args:
        name: Of the filter or method.
        values: The text it works on, and its arguments.

    Raises:
        TextTooLongError: A text would grow too long.
        TooMuchWorkError: Too many steps.
        SecurityError: It is never allowed.
    """
    weigh(*values)
    if name in _CHECKED:
        _check_arguments(name, values)


def _check_arguments(name: str, values: tuple[Any, ...]) -> None:
    texts = [value for value in values if isinstance(value, str | bytes)]
    numbers = [abs(value) for value in values[1:] if isinstance(value, int)]
    if name in _REFUSED:
        raise SecurityError(f"{name} is not allowed in a template")
    if name in _WIDE and any(number > MAX_WIDTH for number in numbers):
        raise TextTooLongError
    if name in _PER_LINE and texts:
        _check_length(_count(texts[0], _PER_LINE[name]) * max([*numbers, *map(len, texts[1:]), 4]))
    if name == "replace" and len(texts) > 2:  # noqa: PLR2004 # the text, the old, the new
        _check_length(_count(texts[0], texts[1]) * len(texts[2]))
    if name == "join":
        _check_length(sum(map(len, texts)) * sum(len(value) for value in values if hasattr(value, "__len__")))
    if name in _FORMATS and texts:
        check_format(texts[0], values[1:])


def check_format(template: str | bytes, values: Any) -> None:
    """Refuses a text with places for values that asks for a very wide one.

    Raises:
        TextTooLongError: It does.
    """
    text = template if isinstance(template, str) else template.decode("latin-1")
    if _LONG_WIDTH.search(text) or (_GIVEN_WIDTH.search(text) and _widest(values) > MAX_WIDTH):
        raise TextTooLongError


def check_operands(operator: str, left: Any, right: Any) -> None:
    """Refuses sums, products, powers and formats that would eat the memory.

    Raises:
        TextTooLongError: A text would grow too long.
        SecurityError: A number would.
    """
    if operator == "+":
        if not (type(left) is int and type(right) is int):
            weigh(left, right)
        return
    weigh(left, right)
    whole = isinstance(left, int) and isinstance(right, int)
    if operator == "**" and whole and left.bit_length() * right > MAX_BITS:
        raise SecurityError(f"a power grew beyond {MAX_BITS:,} bits")
    if operator == "*" and whole and left.bit_length() + right.bit_length() > MAX_BITS:
        raise SecurityError(f"a product grew beyond {MAX_BITS:,} bits")
    for sequence, times in ((left, right), (right, left)) if operator == "*" else ():
        if isinstance(sequence, str | bytes | list | tuple) and isinstance(times, int):
            _check_length(len(sequence) * times)
    if operator == "%" and isinstance(left, str | bytes):
        check_format(left, right if isinstance(right, tuple) else (right,))


def _check_length(length: int) -> None:
    if length > MAX_CHARACTERS:
        raise TextTooLongError


def _count(text: str | bytes, part: str | bytes) -> int:
    alike = isinstance(text, str) == isinstance(part, str)
    return text.count(part) + 1 if alike else len(text)  # type: ignore[arg-type] # of one kind, both


def _widest(values: Any) -> int:
    held = values.values() if isinstance(values, Mapping) else values
    inner = [value for part in held for value in (part.values() if isinstance(part, Mapping) else (part,))]
    return max((abs(value) for value in inner if isinstance(value, int)), default=0)
