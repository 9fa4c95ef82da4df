"""A part of a benchmark in a process of its own: what it prints, and the most memory it held with its children."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.1
ROOT = Path(__file__).parent.parent
PACKAGES = ROOT / ".bench-packages"


class PartError(RuntimeError):
    """A part of the benchmark failed; the message is the end of what it said."""


def measured(module: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Runs a module and returns the JSON of its last line, with `peak_mb` (MiB)."""
    path = os.pathsep.join([str(ROOT), str(PACKAGES)])
    process = subprocess.Popen(  # noqa: S603 # the benchmark's own modules
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watched(process.pid) as peaks:
        said, complained = process.communicate()
    if process.returncode:
        raise PartError(f"{module} {' '.join(arguments)} failed:\n{complained[-3000:]}")
    figures: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return {**figures, "peak_mb": round(sum(peaks.values()) / 2**20)}


@contextmanager
def watched(pid: int) -> Iterator[dict[int, int]]:
    """The most memory (bytes) that a process and each descendant held meanwhile, by their ids."""
    peaks: dict[int, int] = {}
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(pid, peaks, over))
    watch.start()
    try:
        yield peaks
    finally:
        over.set()
        watch.join()


def _watch(root: int, peaks: dict[int, int], over: threading.Event) -> None:
    """Keeps the high-water mark of a process and of each descendant (Linux; elsewhere nothing)."""
    while not over.wait(EVERY_SECONDS):
        for pid in [root, *_descendants(root)]:
            peaks[pid] = max(peaks.get(pid, 0), _high_water(pid))


def _high_water(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (child, *_descendants(child))]


def disk_bytes(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
