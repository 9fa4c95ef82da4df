"""How cost grows with work: plots of the figures, as SVG."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import polars as pl

from bench.figures import Figures
from bench.inputs import LIFE

NAMES = {
    "duckdb_sql": "bare DuckDB SQL",
    "postgres_sql": "PostgreSQL",
    "pandas_postgres": "pandas with PostgreSQL",
    "row_loop": "row loop with SQLite",
}
STAGE_NAMES = {
    "ingest": "ingest",
    "route": "routing",
    "deliver": "hand-over",
    "collect": "logs in",
    "update": "status out",
    "archive": "archive",
}
OURS = "Message Center on Prefect"


def write_plots(figures: Figures, folder: Path) -> list[str]:
    """Writes the plots and returns their names."""
    lives = pl.DataFrame(list(_lives(figures)))
    stages = pl.DataFrame(list(_stages(figures)))
    plots = {
        "performance-life.svg": _lines(lives, "seconds", "seconds of a whole life", "who"),
        "performance-stages.svg": _lines(stages, "rate", "rows a second", "stage"),
    }
    for name, plot in plots.items():
        plot.save(folder / name)
    return list(plots)


def _lives(figures: Figures) -> Iterator[dict[str, Any]]:
    for size in figures.sizes:
        if seconds := figures.life_seconds(size):
            yield {"who": OURS, "events": size, "seconds": seconds}
        for rival, name in NAMES.items():
            rate = figures.rival_life_rate(size, rival)
            if rate and figures.given(rival, size) == size:
                yield {"who": name, "events": size, "seconds": size / rate}


def _stages(figures: Figures) -> Iterator[dict[str, Any]]:
    for size in figures.sizes:
        for stage in LIFE:
            if rate := figures.rate(size, stage):
                yield {"stage": STAGE_NAMES[stage], "events": size, "rate": rate}


def _lines(rows: pl.DataFrame, value: str, title: str, colour: str) -> alt.Chart:
    return (
        alt.Chart(rows.to_arrow())
        .mark_line(point=True)
        .encode(
            x=alt.X("events:Q", title="rows of events", scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
            y=alt.Y(f"{value}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
            color=alt.Color(f"{colour}:N", title=None, sort=None),
        )
        .properties(width=520, height=300)
    )
