"""Whether somebody holds a kernel lock, which is free at once when its holder dies."""

import fcntl
import os
from pathlib import Path


def is_free(lock: Path) -> bool:
    """Whether nobody holds a lock; taken and given back at once."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
