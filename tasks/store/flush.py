"""What a crash of the machine must not take back."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Makes a file's content, or the names in a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
