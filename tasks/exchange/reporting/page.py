"""The three reports as one page: charts to touch, tables, thresholds; whole in itself, it asks no network."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import polars as pl
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.contracts.report_page import ReportNumbers
from tasks.exchange.flush import flush
from tasks.exchange.reporting.charts import ALL, charts

_HTML_IN_SCRIPTS: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
SMALL: Final = 10
"""Numbers below are shown to three decimals, others to one."""
TITLES: Final = {
    "volumes": ("Service level", "What came in, what was sent, what went wrong. Drag or scroll to look closer."),
    "errors": ("Errors", "By kind; click one to see its reasons alone, and beside it to see all."),
    "reasons": ("Reasons of errors", "The most frequent ones."),
    "times": ("Processing time", "Real-time queue: average seconds of the messages sent."),
    "depths": ("Queues", "The most events that waited, by arrival and departure of each: exact, not sampled."),
    "history": ("Event history", "Received by day and type; the colour is the part that was sent."),
}


def write_page(path: Path, numbers: ReportNumbers, *, now: datetime) -> Path:
    """Writes the page, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(page(numbers, now=now), encoding="utf-8")
    flush(part)
    part.replace(path)
    return path


def page(numbers: ReportNumbers, *, now: datetime) -> str:
    """The page. Whatever comes from events is escaped, in the tables and in the data of the charts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["cell"] = _cell
    frames = numbers.frames
    service = frames["service_level"]
    specs = {name: chart.to_dict(context={"pre_transform": False}) for name, chart in charts(numbers).items()}
    return environment.get_template("page.html.j2").render(
        all=ALL,
        numbers=numbers,
        now=now,
        titles=TITLES,
        accounts=sorted({*service["account"], *frames["lengths"]["account"]}),
        channels=sorted(service["channel"].unique()),
        indicators=_by_account(frames["indicators"]),
        tables={name: _table(frames[name]) for name in ("service_level", "processing_time", "lengths")},
        specs=Markup(_script_json(specs)),  # noqa: S704 # escaped there
        library=Markup(_library()),  # noqa: S704 # the library's own code
    )


@cache
def _library() -> str:
    """Vega, Vega-Lite and vega-embed in one script."""
    return str(vl_convert.javascript_bundle(snippet="window.vegaEmbed = vegaEmbed;"))


def _script_json(value: object) -> str:
    text = json.dumps(value, default=str)
    for character, escaped in _HTML_IN_SCRIPTS.items():
        text = text.replace(character, escaped)
    return text


def _by_account(indicators: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    parts = indicators.partition_by("account", as_dict=True, maintain_order=True)
    return {str(account): part.to_dicts() for (account,), part in parts.items()}


def _table(frame: pl.DataFrame) -> dict[str, Any]:
    return {"columns": frame.columns, "rows": frame.to_dicts()}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.{3 if abs(value) < SMALL else 1}f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) else str(value)
