"""The flow-of-data picture: every row from its arrival to where it stands, as wide as there are rows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

WIDTH: Final = 1_060
HEIGHT: Final = 400
BAR: Final = 14
GAP: Final = 18
TOP: Final = 34
SMALLEST: Final = 2.0
"""Height of the thinnest ribbon: a single event still shows."""


@dataclass
class Node:
    """A place where rows are."""

    name: str
    label: str
    column: int
    colour: str
    rows: int
    x: float = 0
    y: float = 0
    height: float = 0
    taken_in: float = field(default=0, repr=False)
    given_out: float = field(default=0, repr=False)


@dataclass(frozen=True)
class Ribbon:
    """Rows on their way from one node to another."""

    source: str
    target: str
    rows: int


def flow_picture(nodes: Sequence[Node], ribbons: Sequence[Ribbon], headings: Sequence[str]) -> str:
    """The picture as SVG; nodes and ribbons without rows are left out."""
    placed = {node.name: node for node in nodes if node.rows}
    shown = [ribbon for ribbon in ribbons if ribbon.rows and {ribbon.source, ribbon.target} <= placed.keys()]
    _place(list(placed.values()), len(headings))
    parts = [_heading(column, text, len(headings)) for column, text in enumerate(headings)]
    parts += [_ribbon(ribbon, placed) for ribbon in shown]
    parts += [_node(node, last=node.column == len(headings) - 1) for node in placed.values()]
    label = "Rows from arrival to outcome"
    return (
        f'<svg class="flow" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT + TOP}">{"".join(parts)}</svg>'
    )


def _place(nodes: list[Node], columns: int) -> None:
    by_column = {column: [node for node in nodes if node.column == column] for column in range(columns)}
    most = max((sum(node.rows for node in column) for column in by_column.values()), default=1)
    room = HEIGHT - GAP * max((len(column) - 1 for column in by_column.values()), default=0) - 10
    for column, members in by_column.items():
        y = float(TOP)
        for node in members:
            node.x = _x(column, columns)
            node.y = y
            node.height = max(SMALLEST, node.rows / most * room)
            y += node.height + GAP


def _x(column: int, columns: int) -> float:
    return column * (WIDTH - 200 - BAR) / (columns - 1)


def _heading(column: int, text: str, columns: int) -> str:
    return f'<text class="heading" x="{_x(column, columns):.0f}" y="14">{escape(text)}</text>'


def _ribbon(ribbon: Ribbon, nodes: Mapping[str, Node]) -> str:
    source, target = nodes[ribbon.source], nodes[ribbon.target]
    left, right = source.height * ribbon.rows / source.rows, target.height * ribbon.rows / target.rows
    x0, x1 = source.x + BAR, target.x
    y0, y1 = source.y + source.given_out, target.y + target.taken_in
    source.given_out += left
    target.taken_in += right
    middle = (x0 + x1) / 2
    path = (
        f"M{x0:.1f},{y0:.1f} C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f} "
        f"L{x1:.1f},{y1 + right:.1f} "
        f"C{middle:.1f},{y1 + right:.1f} {middle:.1f},{y0 + left:.1f} {x0:.1f},{y0 + left:.1f} Z"
    )
    said = f"{source.label} → {target.label}: {ribbon.rows:,}"
    return f'<path d="{path}" fill="{target.colour}" fill-opacity="0.28"><title>{escape(said)}</title></path>'


def _node(node: Node, *, last: bool) -> str:
    size = f'x="{node.x:.1f}" y="{node.y:.1f}" width="{BAR}" height="{node.height:.1f}"'
    bar = f'<rect {size} rx="2" fill="{node.colour}"/>'
    y = node.y + min(node.height / 2, 200) + 4
    number = f'<tspan class="number">{node.rows:,}</tspan> {escape(node.label)}'
    return f'{bar}<text class="{"last" if last else "node"}" x="{node.x + BAR + 6:.1f}" y="{y:.1f}">{number}</text>'
