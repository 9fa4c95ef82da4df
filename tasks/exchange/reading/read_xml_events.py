"""From the parts of an XML file, as a parser reports them, to one JSON object per event element."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_received import ROW_MAX_BYTES, TOO_LONG, too_many_rows

EVENT_NAMES: Final = frozenset({"rtEvent", "batchEvent"})
NO_DATA: Final = frozenset({"sessiontoken"})
"""What a call to Message Center may hold beside its events: nothing to keep, a secret least of all."""
MAX_DEPTH: Final = 100
"""Levels of elements inside an event."""
MAX_DEPTH_AROUND: Final = 1_000
"""Levels of elements around events."""
_SCHEMA_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_TAG_NAME: Final = re.compile(rb"<([^\s/>]+)")
_END_TAG: Final = re.compile(rb"</([^\s>]+)\s*>")

Json = str | dict[str, "Json"] | list["Json"]
EventRow = tuple[str, str | None, str | None]
"""`raw`, `document`, `problem`."""


@dataclass
class _Open:
    """An element whose end has not come yet."""

    name: str
    attributes: dict[str, str]
    children: dict[str, Json] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


@dataclass
class _Around:
    """An element around events, or beside them, whose end has not come yet."""

    name: str
    began: int
    holds_event: bool = False
    has_event_child: bool = False
    strangers: list[tuple[str, int, int]] = field(default_factory=list)
    """Children without any event: name, where they began, where their end tag stands."""


class EventCollector:
    """A parser target that keeps one event at a time, so that no nesting and no file size can exhaust it."""

    def __init__(self, content: bytes, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._strangers = 0
        self.rows: list[EventRow] = []
        self.position: Callable[[], int] = lambda: 0
        """Where the parser is, in bytes."""
        self._content = content
        self._around: list[_Around] = []
        self._path: list[_Open] = []
        self._depth = 0
        self._began = 0
        self._problem: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = _local_name(tag)
        if not self._depth:
            if name not in EVENT_NAMES:
                self._begin_around(name)
                return
            self._began, self._problem, self._path = self.position(), None, []
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._problem = f"the event nests elements more than {MAX_DEPTH} levels deep"
        elif self._problem is None and self._fits():
            self._path.append(_Open(name, _plain(attributes)))

    def data(self, text: str) -> None:
        """Text within an element."""
        if self._depth and self._problem is None and self._fits():
            self._path[-1].texts.append(text)

    def end(self, _tag: str) -> None:
        """An element ends."""
        if not self._depth:
            self._close_around()
            return
        self._depth -= 1
        if not self._depth:
            self._close_event()
        elif self._problem is None:
            element = self._path.pop()
            _add(self._path[-1].children, element.name, _value(element))

    def close(self) -> list[EventRow]:
        """All rows, in the order of the file."""
        return self.rows

    def _fits(self) -> bool:
        """Whether the open event is not longer than a row may be yet: what is collected of it takes more memory."""
        if self.position() - self._began <= ROW_MAX_BYTES:
            return True
        self._problem, self._path = TOO_LONG, []
        return False

    def _begin_around(self, name: str) -> None:
        if len(self._around) >= MAX_DEPTH_AROUND:
            raise UnreadableFileError(
                f"{self._name} nests elements around events more than {MAX_DEPTH_AROUND:,} levels deep; flatten it"
            )
        self._around.append(_Around(name, self.position()))

    def _count(self, more: int) -> None:
        self._strangers += more
        if len(self.rows) + self._strangers > self._most:
            raise too_many_rows(self._name, self._most)

    def _close_around(self) -> None:
        """What stands among events and is none is a row too, and says so: a mistyped name loses nothing."""
        element = self._around.pop()
        self._strangers -= len(element.strangers)
        if element.has_event_child:
            for name, began, end in element.strangers:
                problem = f"{name} stands among events and is neither rtEvent nor batchEvent"
                self.rows.append((self._raw(began, end), None, problem))
        if not self._around:
            return
        if element.holds_event:
            self._around[-1].holds_event = True
        elif element.name not in NO_DATA:
            self._around[-1].strangers.append((element.name, element.began, self.position()))
            self._count(1)

    def _close_event(self) -> None:
        if self._around:
            self._around[-1].holds_event = self._around[-1].has_event_child = True
        raw = self._raw(self._began, self.position())
        if self._problem is None:
            event = self._path.pop()
            self._problem = _ambiguity(event)
        document = None if self._problem else json.dumps(_fields(event), ensure_ascii=False)
        self.rows.append((raw, document, self._problem))
        self._count(0)

    def _raw(self, begun: int, end: int) -> str:
        """The element's text as it stood."""
        name = _TAG_NAME.match(self._content, begun)
        end_tag = _END_TAG.match(self._content, end)
        if name and end_tag and end_tag[1] == name[1]:  # else the element closed itself, and lies behind us
            end = end_tag.end()
        return self._content[begun:end].decode(errors="backslashreplace")


def _fields(event: _Open) -> dict[str, Json]:
    """The event as an object: attributes and elements side by side, `ctx` always there, an empty one an object."""
    fields: dict[str, Json] = {**event.attributes, **event.children}
    fields["ctx"] = fields.get("ctx") or {}
    text = "".join(event.texts).strip()
    return {**fields, "#text": text} if text else fields


def _ambiguity(event: _Open) -> str | None:
    if isinstance(event.children.get("ctx"), list):
        return "the event has more than one ctx element"
    twice = sorted(event.attributes.keys() & event.children.keys())
    return f"the event has both an attribute and an element named {', '.join(twice)}" if twice else None


def _value(element: _Open) -> Json:
    """The element as JSON: its text alone, or an object of `@attributes`, elements and `#text`."""
    text = "".join(element.texts).strip()
    if not element.attributes and not element.children:
        return text
    value: dict[str, Json] = {f"@{name}": value for name, value in element.attributes.items()}
    value.update(element.children)
    return {**value, "#text": text} if text else value


def _add(children: dict[str, Json], name: str, value: Json) -> None:
    """An element that comes again makes a list of its name."""
    if name not in children:
        children[name] = value
        return
    earlier = children[name]
    if isinstance(earlier, list):
        earlier.append(value)
    else:
        children[name] = [earlier, value]


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name; one without a namespace wins, and those that describe the XML itself go."""
    qualified = {
        _local_name(name): value
        for name, value in attributes.items()
        if name.startswith("{") and not name.startswith(_SCHEMA_INSTANCE)
    }
    return qualified | {name: value for name, value in attributes.items() if not name.startswith("{")}


def _local_name(name: str) -> str:
    return name.rpartition("}")[2]
