"""Charts as SVG within a page, whose light or dark scheme gives them their colours."""

import re
from typing import Final

import altair as alt
import vl_convert

INK: Final = "#010203"
GRID: Final = "#030201"
"""Stand for the page's colours until the picture is part of it."""


def svg_of(chart: alt.TopLevelMixin, name: str) -> str:
    """The picture, its colours and the names within it fit to stand in a page beside others."""
    text = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
    }
    specification = chart.to_dict()
    specification["config"] = {
        "font": "system-ui, sans-serif",
        "background": "transparent",
        "padding": {"left": 14, "right": 14, "top": 2, "bottom": 2},
        "view": {"stroke": None},
        "axis": {**text, "gridColor": GRID, "domainColor": GRID, "tickColor": GRID},
        "legend": text,
    }
    svg = str(vl_convert.vegalite_to_svg(specification))
    svg = svg.replace(INK, "currentColor").replace(GRID, "var(--line)")
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    width, height = re.findall(r'(?:width|height)="([\d.]+)"', svg)[:2]
    opening = f'<svg class="picture" role="img" aria-label="{name.replace("_", " ")}" viewBox="0 0 {width} {height}">'
    return re.sub(r"<svg[^>]*>", opening, svg, count=1)
