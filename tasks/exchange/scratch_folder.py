"""A folder for one run, gone after it; what a killed run left is gone with the next."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def scratch_folder(home: Path, purpose: str) -> Iterator[Path]:
    """A hidden folder in the home, beside the stores, so that what is copied there needs no other disk.

    Args:
        home: The home.
        purpose: Names the folder; folders of the same purpose whose process is no more are removed.
    """
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob(f".{purpose}-*-*"):
        if not _is_alive(left.name.split("-")[-2]):
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=f".{purpose}-{os.getpid()}-", dir=home) as folder:
        yield Path(folder)


def _is_alive(process: str) -> bool:
    return not process.isdigit() or Path("/proc", process).exists() or not Path("/proc").exists()
