"""What the machine can do: `python -m bench.rivals.machine INPUTS HOME`; memory copy, written bytes, a Parquet scan."""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import polars as pl

from bench.inputs import Inputs

BYTES = 2**28
BLOCK = 2**22


def copied(turns: int = 8) -> float:
    """Bytes a second that one thread copies in memory."""
    source = np.ones(BYTES, dtype=np.uint8)
    target = np.zeros(BYTES, dtype=np.uint8)
    start = time.perf_counter()
    for _ in range(turns):
        np.copyto(target, source)
    return turns * BYTES / (time.perf_counter() - start)


def written(folder: Path) -> float:
    """Bytes a second written one after the other, and synced at the end."""
    path, block = folder / "written", os.urandom(BLOCK)
    start = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(4 * BYTES // BLOCK):
            file.write(block)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - start
    path.unlink()
    return 4 * BYTES / seconds


def synced(folder: Path, turns: int = 200) -> float:
    """Seconds of one small write that is made durable."""
    path = folder / "synced"
    start = time.perf_counter()
    with path.open("wb", buffering=0) as file:
        for _ in range(turns):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
    seconds = time.perf_counter() - start
    path.unlink()
    return seconds / turns


def scanned(inputs: Inputs) -> float:
    """Rows a second of the events' Parquet files, every byte of every column looked at."""
    start = time.perf_counter()
    lengths = pl.scan_parquet(inputs.events_parquet).select(pl.all().str.len_bytes().sum())
    lengths.collect(engine="streaming")
    return inputs.expected.rows / (time.perf_counter() - start)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    figures = {
        "cores": os.cpu_count(),
        "memory_copy_gb_per_s": copied() / 1e9,
        "write_and_fsync_mb_per_s": written(asked.home) / 1e6,
        "small_fsync_ms": synced(asked.home) * 1e3,
        "parquet_scan_rows_per_s": scanned(Inputs(asked.inputs)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
