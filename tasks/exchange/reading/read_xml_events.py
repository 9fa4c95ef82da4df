"""From the parts of an XML file, as a parser reports them, to one JSON object per event element."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_received import ROW_MAX_BYTES, TOO_LONG, too_many_rows
from tasks.exchange.reading.read_xml_values import (
    Element,
    add_child,
    ambiguity,
    element_value,
    event_fields,
    local_name,
    plain_attributes,
)

EVENT_NAMES: Final = frozenset({"rtEvent", "batchEvent"})
NO_DATA: Final = frozenset({"sessiontoken"})
"""What a call to Message Center may hold beside its events: nothing to keep, a secret least of all."""
MAX_DEPTH: Final = 100
"""Levels of elements inside an event."""
MAX_DEPTH_AROUND: Final = 1_000
"""Levels of elements around events."""
_TAG_NAME: Final = re.compile(rb"<([^\s/>]+)")
_END_TAG: Final = re.compile(rb"</([^\s>]+)\s*>")

EventRow = tuple[str, str | None, str | None]
"""`raw`, `document`, `problem`."""


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
        self._path: list[Element] = []
        self._depth = 0
        self._began = 0
        self._problem: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = local_name(tag)
        if not self._depth:
            if name not in EVENT_NAMES:
                self._begin_around(name)
                return
            self._began, self._problem, self._path = self.position(), None, []
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._problem = f"the event nests elements more than {MAX_DEPTH} levels deep"
        elif self._problem is None and self._fits():
            self._path.append(Element(name, plain_attributes(attributes)))

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
            add_child(self._path[-1].children, element.name, element_value(element))

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
            self._problem = ambiguity(event)
        document = None if self._problem else json.dumps(event_fields(event), ensure_ascii=False)
        self.rows.append((raw, document, self._problem))
        self._count(0)

    def _raw(self, begun: int, end: int) -> str:
        """The element's text as it stood."""
        name = _TAG_NAME.match(self._content, begun)
        end_tag = _END_TAG.match(self._content, end)
        if name and end_tag and end_tag[1] == name[1]:  # else the element closed itself, and lies behind us
            end = end_tag.end()
        return self._content[begun:end].decode(errors="backslashreplace")
