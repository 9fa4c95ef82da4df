"""What a command prints: one JSON object on stdout where asked for, else a table for people."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
WIDE = 9
"""Rows of more columns than this are shown one below the other."""
DIFF_STYLES = {"+": "green", "-": "red", "@": "cyan"}
ONE_LINE = 24
"""Characters that are not broken into lines."""
BORDER = 3
"""Characters between two columns."""
BRIEF = 120
"""Characters of a value that a table of rows shows; JSON has all of it."""
SAFE_INTEGER = 2**53
"""Larger integers are written as text: a double cannot hold them."""


def show(result: Mapping[str, object], *, as_json: bool, title: str = "") -> None:
    """Prints counts and facts."""
    if as_json:
        print_json(result)
        return
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in result.items():
        table.add_row(name.replace("_", " "), _cell(value))
    Console().print(table)


def show_rows(
    name: str, rows: pl.DataFrame | Sequence[Mapping[str, object]], *, as_json: bool, title: str = ""
) -> None:
    """Prints rows: as `{name: [...]}`, or as a table."""
    listed = rows.to_dicts() if isinstance(rows, pl.DataFrame) else [dict(row) for row in rows]
    if as_json:
        print_json({name: listed})
        return
    if listed and len(listed[0]) > WIDE:
        _show_turned(listed, title)
    else:
        columns = rows.columns if isinstance(rows, pl.DataFrame) else list(listed[0] if listed else {})
        table = Table(*_columns({name: [row[name] for row in listed] for name in columns}), title=title)
        table.title_justify = "left"
        for row in listed:
            table.add_row(*(_brief(row[column]) for column in columns))
        Console().print(table)
    if not listed:
        note(f"no {name}")


def print_json(result: Mapping[str, object]) -> None:
    """Prints one JSON object on stdout."""
    json.dump({key: portable(value) for key, value in result.items()}, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def portable(value: object) -> Any:
    """A value as JSON readers everywhere get it whole: instants in ISO 8601, as text what no JSON number can be."""
    if isinstance(value, Mapping):
        return {str(key): portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value) if value.as_tuple().exponent == 0 else str(value)
    if isinstance(value, int):
        return value if abs(value) < SAFE_INTEGER else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | float | None) else str(value)


def _show_turned(rows: Sequence[Mapping[str, object]], title: str) -> None:
    """Rows too wide for a screen: a table of names and values for each."""
    for number, row in enumerate(rows, start=1):
        show(row, as_json=False, title=f"{title} {number}/{len(rows)}".strip())


def show_diff(diff: str, title: str) -> None:
    """Prints a unified diff, in colours on a terminal."""
    console = Console()
    console.print(Text(title, style="bold"))
    for line in diff.splitlines():
        console.print(Text(_visible(line), style=DIFF_STYLES.get(line[:1], "")), soft_wrap=True)


def note(text: str) -> None:
    """Tells a person something that is no result."""
    Console(stderr=True).print(text, highlight=False, markup=False)


def _columns(values: Mapping[str, Sequence[object]]) -> list[Column]:
    """Columns of a table: numbers to the right; what is short stays on one line where there is room for all of that."""
    widths = {name: max(len(name), *(len(_brief(value)) for value in column), 0) for name, column in values.items()}
    fits = sum(min(width, ONE_LINE) + BORDER for width in widths.values()) < Console().width
    return [
        Column(
            Text(_visible(name)),
            justify="right" if all(_is_number(value) for value in column) else "left",
            no_wrap=fits and widths[name] <= ONE_LINE,
        )
        for name, column in values.items()
    ]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))


def _brief(value: object) -> Text:
    """A value in a table of many: a long text is cut, an instant is told without what all of them have."""
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0):
        return Text(value.replace(tzinfo=None).isoformat(sep=" ").removesuffix("000") + "Z", overflow="fold")
    text = _cell(value)
    if len(text) > BRIEF:
        text = Text(text.plain[: BRIEF - 1] + "…", overflow="fold")
    return text


def _cell(value: object) -> Text:
    """A value as it is: what an event says is neither markup nor a command to the terminal."""
    plain = portable(value)
    if plain is None:
        return Text()
    text = json.dumps(plain, ensure_ascii=False) if isinstance(plain, dict | list) else str(plain)
    return Text(_visible(text), overflow="fold")


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)
