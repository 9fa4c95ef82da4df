"""Who holds a lock: writers sign the lock file, readers are known to the kernel."""

import json
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FLOW_RUN: Final[ContextVar[str | None]] = ContextVar("flow_run", default=None)
"""The flow run that this code runs in, as people know it; None outside of one."""
KERNEL_LOCKS: Final = Path("/proc/locks")


def sign(descriptor: int, purpose: str) -> None:
    """Writes into a lock file, held alone, who holds it."""
    note = {
        "pid": os.getpid(),
        "flow_run": FLOW_RUN.get(),
        "purpose": purpose,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(note).encode(), 0)


def holder(path: Path) -> str:
    """Who holds a lock file, in words. A signature whose process is gone is that of a crash, and holds nothing."""
    try:
        note = json.loads(path.read_text())
        run = f" (flow run {note['flow_run']})" if note["flow_run"] else ""
        if is_alive(note["pid"]):
            return f"process {note['pid']}{run} has held it for {note['purpose']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        pass
    readers = ", ".join(map(str, reading_processes(path)))
    return f"processes reading it: {readers}" if readers else "readers hold it"


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number, whosoever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def reading_processes(path: Path) -> list[int]:
    """The processes that share a lock file's lock, where the kernel tells (Linux; proc_locks(5)); else none."""
    try:
        lines = KERNEL_LOCKS.read_text().splitlines()
        inode = str(path.stat().st_ino)
    except OSError:
        return []
    fields = (line.split() for line in lines)
    return sorted({int(one[4]) for one in fields if one[1:4] == ["FLOCK", "ADVISORY", "READ"] and _is_of(one, inode)})


def _is_of(fields: list[str], inode: str) -> bool:
    return fields[5].rpartition(":")[2] == inode
