"""What DuckDB and the operating system say of a store's file, in terms of what is wrong and what to do."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

_DAMAGED: Final = (
    "not a valid DuckDB database file",
    "Could not read enough bytes",
    "Corrupt database file",
    "Failed to deserialize",
    "Is a directory",
)
_NEWER: Final = ("version number", "storage version")
_SYSTEM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EMFILE, errno.EIO)
_IN_USE: Final = "Could not set lock on file"


class StoreUnreadableError(RuntimeError):
    """A store's file is damaged, cut short, or no store of ours."""


class StoreVersionError(RuntimeError):
    """A store was written by a newer version of the code, or of DuckDB."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns DuckDB's errors about the file `path` into ones that say what to do; others pass as they are.

    Raises:
        StoreUnreadableError: The file is damaged, cut short, or no DuckDB file.
        StoreVersionError: Its format is newer than this DuckDB.
        OSError: The operating system refused to read or write it: disk full, no permission, read-only.
    """
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if 'file "' in text and str(path) not in text:
            raise  # about another file
        for number in _SYSTEM:
            if os.strerror(number) in text:
                raise OSError(number, os.strerror(number), str(path)) from error
        if any(sign in text for sign in _DAMAGED):
            raise unreadable(path, text) from error
        if any(sign in text for sign in _NEWER):
            raise StoreVersionError(
                f"{path} has a format that DuckDB {duckdb.__version__} does not know ({text}). "
                "It was written by a newer one: upgrade, and try again."
            ) from error
        raise


def unreadable(path: Path, detail: str) -> StoreUnreadableError:
    """The error for a file that cannot be a store, or no longer."""
    return StoreUnreadableError(
        f"{path} cannot be read as a store: {detail}. Leave the file where it is, look at it with "
        "`message-center doctor`, and put a backup in its place: message-center restore."
    )


def is_in_use(error: duckdb.Error) -> bool:
    """Whether another process has the file open, past our lock."""
    return _IN_USE in str(error)
