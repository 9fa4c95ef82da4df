"""Texts that only put values into places, found by their syntax: they can be filled in for many events at once."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import TemplateSyntaxError, nodes

from tasks.exchange.templates.template_sandbox import TEXT

EVENT_NAMES: Final = ("event", "rtEvent", "batchEvent")
CAMEL_CASE: Final = {
    "type": "event_type",
    "mobilePhone": "mobile_phone",
    "registrationToken": "registration_token",
    "wishedChannel": "channel",
    "externalId": "external_id",
    "created": "created_at",
}
"""Message Center's own names of event fields, for templates that come from there."""
_FIELDS: Final = frozenset(
    {
        "event_id",
        "event_key",
        "queue",
        "event_type",
        "channel",
        "email",
        "mobile_phone",
        "registration_token",
        "language",
        "country",
        "external_id",
        "origin",
    }
)
"""Those that print as they are stored."""
_OTHERS: Final = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs", *TEXT.globals})
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Step = str | int


@dataclass(frozen=True)
class Field:
    """The place of an event's field."""

    column: str
    is_markup: bool = False
    """Not to be escaped in HTML."""


@dataclass(frozen=True)
class Value:
    """The place of a value of the event's data."""

    path: str
    """As JSONPath, from `ctx`."""
    is_markup: bool = False


PlainText = tuple[str | Field | Value, ...]


@lru_cache(maxsize=4_000)
def plain_text(source: str) -> PlainText | None:
    """The parts of a text in their order; None where it does more than put values into places.

    Names mean what they mean to `render_messages`; what can mean something else to Jinja is left to it.
    """
    try:
        body = TEXT.parse(source).body
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError):
        return None
    if not all(isinstance(node, nodes.Output) for node in body):
        return None
    parts = [_part(node) for output in body if isinstance(output, nodes.Output) for node in output.nodes]
    return None if None in parts else tuple(part for part in parts if part is not None)


def _part(node: nodes.Expr) -> str | Field | Value | None:
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Filter) and node.name == "safe" and not (node.args or node.kwargs):
        return _place(node.node, is_markup=True) if node.node else None
    return _place(node, is_markup=False)


def _place(node: nodes.Expr, *, is_markup: bool) -> Field | Value | None:
    steps = _steps(node)
    if not steps:
        return None
    root, *inner = steps
    if root in EVENT_NAMES:
        if len(inner) == 1:
            column = CAMEL_CASE.get(str(inner[0]), str(inner[0]))
            return Field(column, is_markup) if column in _FIELDS else None
        root, *inner = inner or [""]
        return _value(inner, is_markup) if root == "ctx" else None
    if root == "ctx":
        return _value(inner, is_markup)
    return None if root in _OTHERS else _value(steps, is_markup)


def _value(steps: list[Step], is_markup: bool) -> Value | None:  # noqa: FBT001
    if not steps or not all(_KEY.fullmatch(step) if isinstance(step, str) else step >= 0 for step in steps):
        return None
    return Value("$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps), is_markup)


def _steps(node: nodes.Node) -> list[Step] | None:
    """From a variable's name to what of it is asked for; None where it is anything else."""
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        inner, step = _steps(node.node), node.attr
        return None if inner is None else [*inner, step]
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and type(node.arg.value) in {str, int}:
        inner = _steps(node.node)
        return None if inner is None else [*inner, node.arg.value]
    return None
