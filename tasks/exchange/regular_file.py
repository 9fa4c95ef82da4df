"""Opening what lies in a folder that others write to: files alone, nothing that makes its reader wait."""

import errno
import os
import stat
from io import FileIO
from pathlib import Path


class IrregularFileError(OSError):
    """A pipe, a socket or a device stands where a file should."""


def opened(path: Path) -> FileIO:
    """Opens a file to read its bytes. A pipe or a device would never end, so it is refused before anything is read.

    Raises:
        IsADirectoryError: It is a folder.
        IrregularFileError: It is no file.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(file).st_mode
    if stat.S_ISREG(mode):
        return FileIO(file)
    os.close(file)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise IrregularFileError(f"{path} is a pipe or a device; give a file")


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
