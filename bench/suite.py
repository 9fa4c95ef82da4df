"""The benchmark: every stage and the whole life, at several sizes, beside what a user would pick instead.

`python -m bench.suite --sizes 10000 100000` writes the input of each size, runs every part in a process of its own, and
keeps what each measured under the working folder, so that the next call goes on where this one stopped. At the end it
writes `docs/performance.json`, the page `docs/performance.md` and its plots from all that is there.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.inputs import CELL, LIFE, Inputs, write_inputs
from bench.measured import PACKAGES, ROOT, PartError, disk_bytes, measured
from bench.our_stages import ACCOUNT
from bench.page import write_page
from bench.rivals.postgres_server import PostgresMissingError, binaries
from tests.servers import prefect_environment, prefect_server

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
STATUSES = ("sent", "delivery_failed", "not_taken_into_account")
STORED = ("store", "outbox", "published")
AFTER_LIFE = ("archive_nothing", "collect_new", "update_new")
TEMPLATE_NUMBERS = (500, 5_000, 50_000)
console = Console(stderr=True)


@dataclass(frozen=True)
class Rival:
    """What a user would pick instead."""

    name: str
    module: str
    up_to: int
    """The most events that it is given: beyond, it would take too long, and its rate is extrapolated."""
    flags: tuple[str, ...] = ()
    needs_packages: bool = False
    needs_postgres: bool = False


RIVALS = (
    Rival("machine", "bench.rivals.machine", SIZES[-1]),
    Rival("duckdb_bare", "bench.rivals.duckdb_sql", SIZES[-1], ("--bare",)),
    Rival("duckdb_sql", "bench.rivals.duckdb_sql", SIZES[-1]),
    Rival("postgres_sql", "bench.rivals.postgres_sql", 1_000_000, needs_packages=True, needs_postgres=True),
    Rival("pandas_postgres", "bench.rivals.pandas_postgres", 100_000, needs_packages=True, needs_postgres=True),
    Rival("row_loop", "bench.rivals.row_loop", 100_000),
    Rival("row_loop_commits", "bench.rivals.row_loop", 10_000, ("--commits-each",)),
)


class Bench:
    """The parts of one size."""

    def __init__(self, work: Path, rows: int, until: float) -> None:
        self.folder, self.rows, self.until = work / f"{rows}", rows, until
        self.inputs = Inputs(self.folder / "inputs")
        self.results = self.folder / "results"
        self.results.mkdir(parents=True, exist_ok=True)

    def has(self, part: str) -> bool:
        """Whether a part is measured already."""
        return (self.results / f"{part}.json").exists()

    def part(self, name: str, measure: Callable[[], dict[str, Any]]) -> None:
        """Measures a part, unless that was done before or the time is up."""
        if self.has(name) or time.time() > self.until:
            return
        console.print(f"{self.rows:>10,} {name} ...", end=" ")
        start = time.perf_counter()
        figures = measure()
        (self.results / f"{name}.json").write_text(json.dumps(figures, indent=1))
        console.print(f"{time.perf_counter() - start:.1f} s, {figures.get('peak_mb', 0):,} MiB")

    def run(self) -> None:
        """All parts."""
        self.part("inputs", self.write_inputs)
        if not self.has("inputs"):
            return
        with self.prefect() as environment:
            self.run_ours(environment)
        for rival in RIVALS:
            if self.rows <= rival.up_to:
                self.run_rival(rival)

    def write_inputs(self) -> dict[str, Any]:
        """Writes the input files."""
        write_inputs(self.inputs.folder, self.rows)
        return {"events_bytes": disk_bytes(self.inputs.folder / "events"), **vars(self.inputs.expected)}

    @contextmanager
    def prefect(self) -> Iterator[dict[str, str]]:
        """A server as people run it, and the environment of its clients; none where nothing is left to run on it."""
        wanted = [f"ours_{stage}" for stage in ("publish", *LIFE, *AFTER_LIFE, "ingest_parquet")]
        if all(self.has(part) for part in wanted) or time.time() > self.until:
            yield {}
            return
        home = self.folder / "prefect"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        with prefect_server(home) as url:
            yield {name: value for name, value in prefect_environment(home, url).items() if "PREFECT" in name}

    def home(self, name: str, *, anew: bool) -> Path:
        """A home of Message Center for this size."""
        return home_of(self.folder / name) if anew else self.folder / name

    def run_ours(self, environment: dict[str, str]) -> None:
        """The stages, each the flow that an operator runs; from the first again where one was cut short."""
        begun = self.folder / "begun"
        stages = ("publish", *LIFE, *AFTER_LIFE)
        if begun.exists():
            begun.unlink()
            for stage in stages:
                (self.results / f"ours_{stage}.json").unlink(missing_ok=True)
        for stage in stages:
            if self.has(f"ours_{stage}") or time.time() > self.until:
                continue
            begun.touch()
            home = self.home("ours", anew=stage == "publish")
            self.part(f"ours_{stage}", lambda stage=stage, home=home: self.stage(stage, home, environment))
            begun.unlink()
        if self.has("ours_update_new"):
            self.part("ours_statuses", self.our_statuses)
            self.part("ours_ingest_parquet", lambda: self.stage("ingest_parquet", self.home("other", anew=True),
                                                                environment))  # fmt: skip
            for number in TEMPLATE_NUMBERS:
                self.part(f"ours_route_alone_{number}", lambda number=number: self.stage(
                    "route_alone", self.home("other", anew=False), {}, "--templates", f"{number}"))  # fmt: skip

    def stage(self, stage: str, home: Path, environment: dict[str, str], *options: str) -> dict[str, Any]:
        """One stage, its figures and the bytes that are stored after it."""
        places = {"MESSAGE_CENTER_HOME": str(home), **environment}
        figures = measured("bench.our_stages", stage, str(self.inputs.folder), *options, **places)
        return {**figures, "disk_bytes": {name: disk_bytes(home / name) for name in STORED}}

    def our_statuses(self) -> dict[str, Any]:
        """How many events of ours ended with which status."""
        counted = self.stage("statuses", self.home("ours", anew=False), {})
        self.check("ours", {name: count for name, count in counted.items() if name not in {"peak_mb", "disk_bytes"}})
        return counted

    def check(self, name: str, statuses: dict[str, int] | None) -> None:
        """Who did another job is not compared."""
        wanted = {status: getattr(self.inputs.expected, status) for status in STATUSES}
        if statuses is not None and statuses != wanted:
            raise PartError(f"{name} ended with {statuses}, and {wanted} was expected")

    def run_rival(self, rival: Rival) -> None:
        """A rival's whole life; left out, with a word, where what it needs is not installed."""
        if rival.needs_packages and not PACKAGES.exists():
            console.print(f"{rival.name} is left out: its packages are installed by `make bench`")
            return
        if rival.needs_postgres:
            try:
                binaries()
            except PostgresMissingError as error:
                console.print(f"{rival.name} is left out: {error}")
                return
        home = self.folder / rival.name

        def measure() -> dict[str, Any]:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            try:
                figures = measured(rival.module, str(self.inputs.folder), str(home), *rival.flags)
                self.check(rival.name, figures.get("statuses"))
                return {**figures, "disk_bytes": disk_bytes(home)}
            finally:
                shutil.rmtree(home, ignore_errors=True)

        try:
            self.part(rival.name, measure)
        except PartError as error:
            console.print(f"[red]{error}")


def home_of(folder: Path) -> Path:
    """A new home of Message Center with one account."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "accounts.toml").write_text(f'[[account]]\nname = "{ACCOUNT}"\ncell_id = {CELL}\n')
    return folder


def gathered(work: Path) -> dict[str, Any]:
    """All that was measured, by size and part."""
    sizes = sorted((int(folder.name), folder) for folder in work.iterdir() if folder.name.isdigit())
    return {
        f"{rows}": {path.stem: json.loads(path.read_text()) for path in sorted((folder / "results").glob("*.json"))}
        for rows, folder in sizes
    }


def main() -> None:
    """Runs the sizes asked for and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where inputs and stores are kept")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="begin no part after so long")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    asked = parser.parse_args()
    until = time.time() + 60 * asked.minutes
    for rows in asked.sizes:
        Bench(asked.work, rows, until).run()
    figures = gathered(asked.work)
    (asked.docs / "performance.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    write_page(figures, asked.docs)


if __name__ == "__main__":
    main()
