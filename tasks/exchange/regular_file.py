"""Opening what lies in a folder that others write to: files alone, nothing that makes its reader wait."""

import os
import stat
from io import FileIO
from pathlib import Path


class IrregularFileError(OSError):
    """A pipe, a socket, a device or a folder stands where a file should."""


def opened(path: Path) -> FileIO:
    """Opens a file to read its bytes. A pipe or a device would never end, so it is refused before anything is read.

    Raises:
        IrregularFileError: It is no file.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return FileIO(file)
    os.close(file)
    raise IrregularFileError(f"{path} is a pipe, a device or a folder; give a file")


def content_of(path: Path, *, max_bytes: int) -> bytes:
    """The content of a small file.

    Raises:
        IrregularFileError: It is no file.
        ValueError: It is larger than `max_bytes`.
    """
    with opened(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"{path.name!r} is larger than {max_bytes:,} bytes, the most that is read of it")
    return content
