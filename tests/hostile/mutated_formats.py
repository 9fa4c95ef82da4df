"""Files of CSV, XML and Parquet whose rows are odd: fields lost, misnamed or absurd, columns of other types."""

import csv
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import polars as pl
from hostile.mutations import VALUES, Row

ODD: Final = (
    *VALUES, "", " ", "=1+1", "'; drop table event; --", "{{ 7 * 7 }}", "${x} {0} %s %n", "../../etc/passwd", "\x1b[2J",
    "a\x00b", "\ufeff", "\u202eabc", "\U0001f980" * 50, "x" * 3_000, "&#0;<![CDATA[", "a,b;c\t|d",
    'say "x"', "two\nlines",
)  # fmt: skip
COLUMN: Final[tuple[pl.Series, ...]] = tuple(
    pl.Series([value])
    for value in (
        1, -1.5, float("nan"), True, b"\xff\x00", Decimal("1.50"), timedelta(1), datetime(2026, 2, 28, tzinfo=UTC),
        date(2026, 2, 28), [1, 2], [["a"], []], {"a": {"b": [1]}}, [{"a": None}], None,
    )
)  # fmt: skip
"""A value of each type that a column of Parquet may have."""
Fields = list[tuple[str, str]]


def odd_rows(make: Callable[[int], Row], count: int, seed: int) -> Iterator[Fields]:
    """Rows as names and texts, half of them with one to three things wrong."""
    chance = random.Random(seed)
    for number in range(count):
        row = make(seed * 10_000_000 + number)
        fields = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in row.items()]
        for _ in range(max(0, chance.randint(-2, 3))):
            at = chance.randrange(len(fields))
            name, value = fields[at]
            odd = chance.choice(ODD)
            fields[at] = chance.choice(((name, odd), (name, value + odd), (name, value[:-1]), (name, ""), ("x", odd)))
        yield fields


def write_csv(path: Path, rows: Iterator[Fields], neighbour: Row, middle: int, seed: int) -> None:
    """A row has its own header's fields by position; some rows are too short, some too long."""
    chance = random.Random(seed)
    header = list(neighbour)
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for fields in with_neighbour(rows, neighbour, middle):
            cells = [dict(fields).get(name, "") for name in header]
            whole = cells[:2] == list(neighbour.values())[:2]
            if not whole and not any("\n" in cell for cell in cells):  # else each of its lines would count as a row
                cells = chance.choice((cells, cells, cells, cells, cells, cells, cells[:-1], [*cells, "more"]))
            writer.writerow([*cells[:-1], cells[-1] or "x"])


def write_xml(path: Path, rows: Iterator[Fields], neighbour: Row, middle: int, seed: int) -> None:
    """Elements of one collection, well-formed, with odd names, attributes and content."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("<PushEvents>")
        for fields in with_neighbour(rows, neighbour, middle):
            known = {name: _in_xml(text) for name, text in fields if name != "ctx"}
            name = (
                "rtEvent" if known.get("id", "").startswith("neighbour") else chance.choice(("rtEvent", "batchEvent"))
            )
            attributes = " ".join(f"{key}={quoteattr(text)}" for key, text in known.items())
            content = escape(_in_xml(dict(fields).get("ctx", "")))
            depth = chance.choice((1, 1, 1, 1, 60, 600)) if chance.random() < 0.05 else 1
            file.write(f"<{name} {attributes}><ctx>{'<a>' * depth}{content}{'</a>' * depth}</ctx></{name}>\n")
        file.write("</PushEvents>")


def write_parquet(path: Path, rows: Iterator[Fields], neighbour: Row, middle: int, seed: int) -> None:
    """Columns that no rule asks for, of every type, beside those of the rows, some with nulls."""
    chance = random.Random(seed)
    names = [*neighbour]
    listed = [dict(fields) for fields in with_neighbour(rows, neighbour, middle)]
    columns = {name: [row.get(name) for row in listed] for name in names}
    frame = pl.DataFrame({name: pl.Series(values, dtype=pl.String) for name, values in columns.items()})
    odd = [column.new_from_index(0, frame.height).alias(f"odd{at}") for at, column in enumerate(COLUMN)]
    chance.shuffle(odd)
    frame.with_columns(odd).write_parquet(path)


WRITERS: Final[dict[str, Callable[[Path, Iterator[Fields], Row, int, int], None]]] = {
    "csv": write_csv,
    "xml": write_xml,
    "parquet": write_parquet,
}


def with_neighbour(rows: Iterator[Fields], neighbour: Row, middle: int) -> Iterator[Fields]:
    """The rows with an unharmed one among them."""
    head = (row for _, row in zip(range(middle), rows, strict=False))
    return chain(head, [[(name, str(value)) for name, value in neighbour.items()]], rows)


def _in_xml(text: Any) -> str:
    """The text without what no XML document may hold."""
    return "".join(one for one in str(text) if one in "\t\n" or " " <= one < "\ud800" or "\ue000" <= one < "\ufffe")
