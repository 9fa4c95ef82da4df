"""The file that remembers which alerts were raised, so that each is told once over many runs and processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from tasks.contracts.alerts import AlertLedger

LOCK_SECONDS: Final = 10.0


@contextmanager
def ledger(path: Path) -> Iterator[AlertLedger]:
    """The ledger, for this process alone; what the block makes of it is written in one step.

    A file that cannot be read counts as empty: an alert told twice is better than none.

    Raises:
        TimeoutError: Somebody else kept it for too long.
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor, path)
        content = read(path)
        before = content.model_dump_json(indent=2)
        yield content
        after = content.model_dump_json(indent=2)
        if after != before:
            part = path.with_suffix(".part")
            part.write_text(after + "\n", encoding="utf-8")
            part.replace(path)
    finally:
        os.close(descriptor)


def read(path: Path) -> AlertLedger:
    """The ledger as it stands."""
    try:
        return AlertLedger.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return AlertLedger()


def _take(descriptor: int, path: Path) -> None:
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise TimeoutError(f"{path} was not free within {LOCK_SECONDS:g} s") from None
            time.sleep(0.05)
        else:
            return
