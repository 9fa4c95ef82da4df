"""The spool: files in an account's inboxes that are durable before anybody is answered, ids told by their names."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tasks.exchange.flush import flush

SUFFIX: Final = ".intake.ndjson"
WEBHOOK_SUFFIX: Final = ".webhook.ndjson"
_NAME: Final = re.compile(r"^(\d{1,19})-(\d{1,9})\.intake\.ndjson$")


def spool_events(folder: Path, lines: Sequence[str], *, first_id: int) -> Path:
    """Writes events, one line each; the n-th has the id `first_id + n - 1`. Durable when this returns.

    Raises:
        OSError: No room, or no right to write there.
    """
    return _written(folder, f"{first_id}-{len(lines)}{SUFFIX}", lines)


def spool_logs(folder: Path, lines: Sequence[str], *, provider: str, number: int) -> Path:
    """Writes payloads of a provider, one line each, durable when this returns. Errors as for `spool_events`."""
    return _written(folder, f"{provider}-{number}{WEBHOOK_SUFFIX}", lines)


def provider_of(path: Path) -> str | None:
    """The provider whose payloads a file of the spool holds; None for any other file."""
    if not path.name.endswith(WEBHOOK_SUFFIX):
        return None
    return path.name.removesuffix(WEBHOOK_SUFFIX).rpartition("-")[0]


def ids_of(path: Path) -> range:
    """The ids of the events in a file of the spool; none of any other file."""
    found = _NAME.match(path.name)
    return range(int(found[1]), int(found[1]) + int(found[2])) if found else range(0)


def spooled_ids(folder: Path) -> list[range]:
    """The ids of the events that wait to be taken in."""
    try:
        with os.scandir(folder) as entries:
            return [ids for entry in entries if (ids := ids_of(Path(entry.name)))]
    except FileNotFoundError:
        return []


def spooled_since(folder: Path, event_id: int) -> datetime | None:
    """Since when an event waits to be taken in; None where it does not wait here."""
    for ids in spooled_ids(folder):
        if event_id in ids:
            with suppress(FileNotFoundError):  # it was taken in meanwhile
                written = (folder / f"{ids.start}-{len(ids)}{SUFFIX}").stat().st_mtime
                return datetime.fromtimestamp(written, UTC)
    return None


def _written(folder: Path, name: str, lines: Sequence[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    beside, path = folder / f".{name}.part", folder / name
    try:
        with beside.open("wb") as file:
            file.write(("\n".join(lines) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    flush(folder)
    return path
