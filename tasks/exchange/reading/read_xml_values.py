"""An XML element as JSON: attributes, child elements and text, by their local names."""

from dataclasses import dataclass, field
from typing import Final

Json = str | dict[str, "Json"] | list["Json"]
_SCHEMA_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass
class Element:
    """An element whose end has not come yet."""

    name: str
    attributes: dict[str, str]
    children: dict[str, Json] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


def event_fields(event: Element) -> dict[str, Json]:
    """The event as an object: attributes and elements side by side, `ctx` always there, an empty one an object."""
    fields: dict[str, Json] = {**event.attributes, **event.children}
    fields["ctx"] = fields.get("ctx") or {}
    text = "".join(event.texts).strip()
    return {**fields, "#text": text} if text else fields


def ambiguity(event: Element) -> str | None:
    """Why nobody can say which of two values a field of the event has; null where each has one."""
    if isinstance(event.children.get("ctx"), list):
        return "the event has more than one ctx element"
    twice = sorted(event.attributes.keys() & event.children.keys())
    return f"the event has both an attribute and an element named {', '.join(twice)}" if twice else None


def element_value(element: Element) -> Json:
    """The element as JSON: its text alone, or an object of `@attributes`, elements and `#text`."""
    text = "".join(element.texts).strip()
    if not element.attributes and not element.children:
        return text
    value: dict[str, Json] = {f"@{name}": value for name, value in element.attributes.items()}
    value.update(element.children)
    return {**value, "#text": text} if text else value


def add_child(children: dict[str, Json], name: str, value: Json) -> None:
    """An element that comes again makes a list of its name."""
    if name not in children:
        children[name] = value
        return
    earlier = children[name]
    if isinstance(earlier, list):
        earlier.append(value)
    else:
        children[name] = [earlier, value]


def plain_attributes(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by local name; one without a namespace wins, and those that describe the XML itself go."""
    qualified = {
        local_name(name): value
        for name, value in attributes.items()
        if name.startswith("{") and not name.startswith(_SCHEMA_INSTANCE)
    }
    return qualified | {name: value for name, value in attributes.items() if not name.startswith("{")}


def local_name(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]
