"""Any number of damaged rows: each is accepted, a duplicate, or rejected with its reason, in bounded memory.

`HOSTILE_ROWS` says how many rows of each kind `make test-long` tries.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROWS_PER_FILE = 100_000
KINDS = ("events", "events.csv", "events.xml", "events.parquet", "logs", "logs.csv", "logs.parquet")
PEAK_BYTES = 2_500_000_000


def take_in(home: Path, what: str, *, rows: int, files: int, seed: int) -> dict[str, Any]:
    """What a process of its own says of the rows that it took in."""
    command = [sys.executable, "-m", "hostile.take_in_mutations", str(home), what, str(rows), str(files), str(seed)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def check(said: dict[str, Any], *, rows: int, files: int) -> None:
    taken = said.get("accepted", said.get("stored"))
    assert said["files"] == files
    assert said["rows"] == rows * files == taken + said["duplicates"] + said["rejected"]
    assert taken > 0
    assert said["rejected"] > rows * files / 100
    assert (said["unreadable_files"], said["without_reason"], said["neighbours"]) == (0, 0, files)
    assert said["peak_bytes"] < PEAK_BYTES


@pytest.mark.parametrize("what", KINDS)
def test_some_thousand_damaged_rows(tmp_path: Path, what: str) -> None:
    check(take_in(tmp_path, what, rows=2_000, files=2, seed=1), rows=2_000, files=2)


@pytest.mark.long
@pytest.mark.parametrize("what", KINDS)
def test_many_damaged_rows(tmp_path: Path, what: str) -> None:
    files = max(1, int(os.environ.get("HOSTILE_ROWS", "500000")) // ROWS_PER_FILE)
    said = take_in(tmp_path, what, rows=ROWS_PER_FILE, files=files, seed=1_000)
    check(said, rows=ROWS_PER_FILE, files=files)
    print(f"{said['rows']:,} {what} at {said['rows'] / said['seconds']:,.0f} rows/s, {said}")
