"""What was asked, and what was measured beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.figures import Figures

JUDGED = (1_000_000, 10_000_000)
FIRST = 100_000
"""Where the larger sizes are not measured yet, this one is shown, so that there is something to see."""
TEMPLATES_ALONE = (500, 5_000, 50_000)


@dataclass(frozen=True)
class Row:
    """One thing asked at one size."""

    stage: str
    size: int
    asked: str
    measured: str
    met: bool


def rows(figures: Figures) -> Iterator[Row]:
    """Every row of the table, at each size judged that was measured."""
    sizes = [size for size in JUDGED if size in figures.sizes] or [size for size in (FIRST,) if size in figures.sizes]
    for size in sizes:
        yield from _ingest(figures, size)
        yield from _routing(figures, size)
        yield from _logs(figures, size)
        yield from _archive(figures, size)
        yield from _life(figures, size)


def least(stage: str, size: int, value: float | None, asked: float, unit: str) -> Iterator[Row]:
    """A row for a value that should be no less."""
    if value is not None:
        yield Row(stage, size, f"at least {shown(asked)} {unit}", f"{shown(value)} {unit}", value >= asked)


def most(stage: str, size: int, value: float | None, asked: float, unit: str) -> Iterator[Row]:
    """A row for a value that should be no more."""
    if value is not None:
        yield Row(stage, size, f"at most {shown(asked)} {unit}", f"{shown(value)} {unit}", value <= asked)


def shown(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _at(figures: Figures, rival: str, size: int) -> str:
    """Where a rival's rate is from, unless from this size."""
    given = figures.given(rival, size)
    return f" (its rate at {given:,})" if given and given < size else ""


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def _ingest(figures: Figures, size: int) -> Iterator[Row]:
    for stage, what, asked in (("ingest", "NDJSON", 200_000), ("ingest_parquet", "Parquet", 250_000)):
        rate = figures.rate(size, stage)
        yield from least(f"ingest {what}", size, rate, asked, "rows/s")
        bare = figures.rival_rate(size, "duckdb_bare", stage)
        name = f"ingest {what}, by bare DuckDB{_at(figures, 'duckdb_bare', size)}"
        yield from least(name, size, _ratio(rate, bare), 0.5, "times")
    for rival, what in (("row_loop", "a row loop"), ("row_loop_commits", "a row loop that commits each event")):
        ratio = _ratio(figures.rate(size, "ingest"), figures.rival_rate(size, rival, "ingest"))
        name = f"ingest NDJSON, by {what}{_at(figures, rival, size)}"
        yield from least(name, size, ratio, 150, "times")


def _routing(figures: Figures, size: int) -> Iterator[Row]:
    asked = 1_000_000 if size <= 10**6 else 600_000
    yield from least("routing", size, figures.rate(size, "route"), asked, "events/s")
    alone = [figures.rate(size, f"route_alone_{number}") for number in TEMPLATES_ALONE]
    yield from least("routing, the transform alone", size, alone[1], 4_000_000, "events/s")
    yield from most("routing alone, 50,000 templates by 500", size, _ratio(alone[0], alone[2]), 1.2, "times")
    yield from least("delivery hand-over", size, figures.rate(size, "deliver"), 150_000, "messages/s")


def _logs(figures: Figures, size: int) -> Iterator[Row]:
    yield from least("delivery logs in", size, figures.rate(size, "collect"), 1_000_000, "rows/s")
    yield from least("status out", size, figures.rate(size, "update"), 1_000_000, "rows/s")
    for stage in ("collect", "update"):
        new, all_ = (figures.ours(size, name).get("seconds") for name in (f"{stage}_new", stage))
        share = _ratio(new, all_)
        name = {"collect": "logs in", "update": "status out"}[stage]
        yield from most(f"{name}, 1 % new rows", size, share and 100 * share, 2, "% of the first run")


def _archive(figures: Figures, size: int) -> Iterator[Row]:
    yield from least("archive with proof", size, figures.rate(size, "archive"), 400_000, "rows/s")
    nothing = figures.ours(size, "archive_nothing")
    seconds = nothing["seconds"] - nothing["prefect_seconds"] if nothing else None
    yield from most("archive, nothing new, without Prefect", size, seconds, 0.2, "s")


def _life(figures: Figures, size: int) -> Iterator[Row]:
    rate = figures.life_rate(size)
    yield from least("whole life", size, rate, 80_000, "events/s")
    if size == JUDGED[-1]:
        yield from most("whole life, 10,000,000", size, figures.life_seconds(size), 130, "s")
    yield from most("whole life, peak memory", size, figures.peak_mb(size), 3 * 1024, "MiB")
    for rival, what, asked in (
        ("postgres_sql", "PostgreSQL", 8),
        ("pandas_postgres", "pandas with PostgreSQL", 8),
        ("row_loop", "a row loop", 100),
    ):
        name = f"whole life, by {what}{_at(figures, rival, size)}"
        yield from least(name, size, _ratio(rate, figures.rival_life_rate(size, rival)), asked, "times")
    share = figures.prefect_share(size)
    if size in {10**6, FIRST}:
        yield from most("Prefect's share", size, None if share is None else 100 * share, 10, "%")
