"""The page `docs/performance.md`, from the figures."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.causes import CAUSES
from bench.figures import Figures
from bench.inputs import LIFE
from bench.plots import NAMES, STAGE_NAMES, write_plots
from bench.targets import Row, rows, shown

INTRODUCTION = """\
# Performance

Written by `make bench`, from `performance.json` beside it; do not edit. Ratios within one run count, absolute figures
are those of one machine. Each part runs in a process of its own: real flows on a Prefect server of their own, real
stores that are closed, and so on disk, when a stage ends. A row is a row of an event file: 93 % new events with a `ctx`
of about 300 bytes, 5 % copies, 2 % that are no events; 40 types, 8 languages, 5,000 versions of templates, 2.2 log rows
for each message. All contenders read the same files and must end with the same number of events in each status.

    make bench                                # all sizes; goes on where it was stopped
    make bench BENCH="--sizes 10000 100000"   # some of them
    make bench-quick                          # a regression by ratio, within two minutes
"""
WHAT_RIVALS_DO = """\
A row loop is Python with SQLite, a transaction for each file (or, where named so, for each event); PostgreSQL does
the same set-based steps with `copy`, unique keys and `fsync`; pandas holds a step's rows and PostgreSQL keeps them;
bare DuckDB SQL has the least checks that end with the same statuses. Rivals are given as many events as end in a few
minutes: where a size was not given, the rate of the largest one before it counts.
"""


def write_page(by_size: dict[str, dict[str, Any]], docs: Path) -> None:
    """Writes the page and its plots; nothing where no life was measured whole."""
    figures = Figures(by_size)
    if not figures.sizes:
        return
    plots = write_plots(figures, docs)
    parts = [
        INTRODUCTION,
        _machine(figures),
        "## Asked and measured\n",
        _asked(list(rows(figures))),
        "## How cost grows with work\n",
        *(f"![{name}]({name})\n" for name in plots),
        "## Stages\n",
        _table(["stage", "rows", "seconds", "rows/s", "peak MiB", "stored MB", "Prefect s"], _stages(figures)),
        "## What a user would pick instead\n",
        WHAT_RIVALS_DO,
        _table(["whole life", "events", "seconds", "events/s", *STAGE_NAMES.values()], _lives(figures)),
    ]
    (docs / "performance.md").write_text("\n".join(parts))


def _machine(figures: Figures) -> str:
    machine = next((parts["machine"] for parts in reversed(list(figures.by_size.values())) if "machine" in parts), None)
    if machine is None:
        return ""
    return (
        f"The machine: {machine['cores']} cores; one copies {machine['memory_copy_gb_per_s']:.1f} GB/s in memory; "
        f"the disk takes {machine['write_and_fsync_mb_per_s']:,.0f} MB/s written and synced, and a small write with "
        f"`fsync` in {machine['small_fsync_ms']:.2f} ms; the events' Parquet files are scanned at "
        f"{machine['parquet_scan_rows_per_s'] / 1e6:.1f} million rows/s.\n"
    )


def _asked(judged: list[Row]) -> str:
    table = _table(
        ["stage", "events", "asked", "measured", "met"],
        ([row.stage, f"{row.size:,}", row.asked, row.measured, "yes" if row.met else "**no**"] for row in judged),
    )
    missed = list(dict.fromkeys(row.stage for row in judged if not row.met))
    causes = [f"- {cause}" for start, cause in CAUSES.items() if any(stage.startswith(start) for stage in missed)]
    return "\n".join([table, *(["Where it misses, and why:\n", *causes, ""] if causes else [])])


def _stages(figures: Figures) -> Iterator[list[str]]:
    for size in figures.sizes:
        for stage in ("publish", *LIFE, "archive_nothing", "collect_new", "update_new", "ingest_parquet"):
            if one := figures.ours(size, stage):
                yield [
                    f"{stage.replace('_', ' ')}, {size:,} events",
                    f"{one['rows']:,}",
                    f"{one['seconds']:.2f}",
                    shown(one["rows"] / one["seconds"]),
                    f"{one['peak_mb']:,}",
                    f"{sum(one['disk_bytes'].values()) / 1e6:,.0f}",
                    f"{one['prefect_seconds']:.2f}",
                ]


def _lives(figures: Figures) -> Iterator[list[str]]:
    for size in figures.sizes:
        yield _life("Message Center on Prefect", size, [figures.ours(size, stage) for stage in LIFE])
        for rival, name in NAMES.items():
            if figures.given(rival, size) == size:
                yield _life(name, size, [figures.rival(size, rival, stage) for stage in LIFE])


def _life(name: str, size: int, stages: list[dict[str, Any]]) -> list[str]:
    seconds = sum(stage["seconds"] for stage in stages)
    return [name, f"{size:,}", f"{seconds:.2f}", shown(size / seconds), *(f"{one['seconds']:.2f}" for one in stages)]


def _table(head: list[str], lines: Iterable[list[str]]) -> str:
    whole = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in whole) + "\n"
