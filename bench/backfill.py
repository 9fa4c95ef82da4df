"""A year of events over twelve monthly partitions: undisturbed, and killed with -9 on its way and started again.

`python -m bench.backfill [EVENTS]` prints seconds, events/s and the most memory of both, and whether they ended equal.
"""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

from bench.measured import ROOT, watched
from tasks.settings import Settings
from tasks.store.connection import StoreFile, reading

YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE: Final = 'event_type = "order"\nsubject = "{{ ctx.id }}"\nbody_text = "Dear {{ ctx.name }}"\n'
SAME: Final = """
select count(*) as events, sum(hash(event_key, status, reason, template_id, template_version))::varchar as checksum
from event
"""


def write_year(folder: Path, events: int) -> None:
    """A Parquet file for each month."""
    folder.mkdir()
    per_month = events // 12
    for month in range(12):
        number = pl.int_range(month * per_month, (month + 1) * per_month, eager=True)
        days = pl.Series(number % 28)
        note = '","name":"Ada","note":"' + "x" * 200 + '"}'
        context = pl.concat_str(pl.lit('{"id":"A-'), "n", pl.lit(note))
        pl.DataFrame({"n": number, "day": days}).select(
            id=pl.format("e{}", "n"),
            type=pl.when(pl.col("n") % 100 == 0).then(pl.lit("unknown")).otherwise(pl.lit("order")),
            email=pl.format("p{}@example.net", "n"),
            created=pl.lit(YEAR.replace(month=month + 1)) + pl.duration(days="day"),
            ctx=context,
        ).write_parquet(folder / f"{month + 1:02}.parquet")


def backfill(home: Path, folder: Path, *, kill_after: float | None = None) -> dict[str, Any]:
    """Runs the command in a process of its own, and kills it after some seconds."""
    command = [sys.executable, "-m", "deployments.command_line.app", "backfill", str(folder), "--account", "year"]
    command += ["--template-time", "event", "--apply", "--json", "--now", "2027-01-10T00:00:00Z"]
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 # our own command
        command, cwd=ROOT, env={**os.environ, "MESSAGE_CENTER_HOME": str(home)}, stdout=subprocess.PIPE
    )
    with watched(process.pid) as peaks:
        try:
            said, _ = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said, _ = process.communicate()
    figures = {"seconds": round(time.monotonic() - began, 1), "peak_mb": round(sum(peaks.values()) / 2**20)}
    return figures | {"exit": process.returncode, "result": json.loads(said) if process.returncode == 0 else None}


def home_in(folder: Path) -> Path:
    """A home with an account and its template."""
    folder.mkdir()
    (folder / "templates").mkdir()
    (folder / "templates" / "order.toml").write_text(TEMPLATE)
    for words in (["accounts", "add", "year"], ["templates", "publish", "templates", "--at", "2025-12-01T00:00:00Z"]):
        subprocess.run(  # noqa: S603 # our own commands
            [sys.executable, "-m", "deployments.command_line.app", *words],
            cwd=folder, env={**os.environ, "MESSAGE_CENTER_HOME": str(folder), "PYTHONPATH": str(ROOT)},
            check=True, capture_output=True,
        )  # fmt: skip
    return folder


def end(home: Path) -> tuple[Any, ...]:
    """What is the same of two backfills that ended equal."""
    with reading(StoreFile(Settings(home=home).account_store("year"), "account")) as session:
        return session.connection.execute(SAME).fetchone() or ()


def main() -> None:
    """Runs both."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with TemporaryDirectory(dir=ROOT / "build" if (ROOT / "build").exists() else None) as scratch:
        folder = Path(scratch) / "year"
        write_year(folder, events)
        whole = home_in(Path(scratch) / "whole")
        undisturbed = backfill(whole, folder)
        cut = home_in(Path(scratch) / "cut")
        kills = [backfill(cut, folder, kill_after=undisturbed["seconds"] * part) for part in (0.3, 0.5)]
        last = backfill(cut, folder)
        figures = {"events": events, "undisturbed": undisturbed, "killed": [one["exit"] for one in kills], "last": last}
        figures |= {"events_per_second": round(events / undisturbed["seconds"]), "equal": end(whole) == end(cut)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
