"""The inbox: which files wait, and where they go when they are done with."""

import hashlib
import os
import stat
from itertools import count, islice
from pathlib import Path
from typing import Final

from tasks.exchange.regular_file import opened

UNFINISHED_SUFFIXES: Final = (".part", ".tmp")
REASON_SUFFIX: Final = ".reason.txt"
NAME_MAX_BYTES: Final = 220
"""Longer names leave no room for a counter and the suffix of the reason."""


def waiting_files(folder: Path) -> list[Path]:
    """The files to take, by name; a folder that does not exist has none.

    Left where they are: files still being written, sub-folders, reasons, and links that lead out of the folder.
    """
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if _waits(entry, folder))


def some_waiting(folder: Path, *, most: int = 1_000) -> frozenset[str]:
    """Names of files to take, and no more of them than `most`: a look that costs no more for a million."""
    if not folder.is_dir():
        return frozenset()
    with os.scandir(folder) as entries:
        return frozenset(islice((entry.name for entry in entries if _waits(entry, folder)), most))


def _waits(entry: os.DirEntry[str], folder: Path) -> bool:
    path = Path(entry.name)
    if is_unfinished(path) or entry.name.endswith(REASON_SUFFIX):
        return False
    if not entry.is_symlink():
        return entry.is_file()
    link = Path(entry.path)
    return link.is_file() and link.resolve().parent == folder.resolve()


def is_unfinished(path: Path) -> bool:
    """Whether the name says that the file is still being written: a dot file, `.part` or `.tmp`."""
    return path.name.startswith(".") or path.name.lower().endswith(UNFINISHED_SUFFIXES)


def content_hash(path: Path) -> str:
    """SHA-256 of the file as it is, in hexadecimal digits: what a file is known by.

    Raises:
        IrregularFileError: It is no file.
    """
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def printable_name(path: Path) -> str:
    """The file's name as text, whatever bytes it is made of."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def put_away(path: Path) -> Path:
    """Moves a file that was read to `done/` in its own folder; returns where it is now."""
    return _moved(path, _reserved(path, "done", has_reason=False))


def set_aside(path: Path, reason: str) -> Path:
    """Moves an unreadable file to `rejected/` in its own folder, beside `<name>.reason.txt`.

    Returns:
        Where the file is now.
    """
    target = _reserved(path, "rejected", has_reason=True)
    # The reason comes first: a crash in between leaves the file where the next run finds it.
    reason_file = target.with_name(target.name + REASON_SUFFIX)
    reason_file.write_text(reason.rstrip() + "\n", encoding="utf-8", errors="backslashreplace")
    return _moved(path, target)


def newest_reasons(folder: Path, files: int) -> list[tuple[str, str]]:
    """Names of the files set aside last in a `rejected/` folder, with their reasons."""
    try:
        reasons = sorted(folder.glob(f"*{REASON_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
        return [
            (path.name.removesuffix(REASON_SUFFIX), path.read_text(encoding="utf-8", errors="replace")[:200].strip())
            for path in reversed(reasons[-files:])
        ]
    except FileNotFoundError:
        return []  # somebody took one away meanwhile


def _reserved(path: Path, folder: str, *, has_reason: bool) -> Path:
    """A place of ours in `folder`, named like `path`, with a counter where that name is taken.

    It is held by an empty file where a reason is written first; a name that is free needs none. An empty file that is
    there already is what a crash left between here and the move: it takes nobody's place.
    """
    home = _made(path.parent / folder)
    stem, dot, suffixes = path.name.partition(".")
    if len(os.fsencode(path.name)) > NAME_MAX_BYTES:
        stem, suffixes = hashlib.sha256(os.fsencode(path.name)).hexdigest(), suffixes[-20:]
    for number in count(1):
        counted = stem if number == 1 else f"{stem}-{number}"
        target = home / f"{counted}{dot}{suffixes}"
        if _is_empty(target):
            return target
        if target.with_name(target.name + REASON_SUFFIX).exists():
            continue
        if not has_reason and not os.path.lexists(target):
            return target
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            continue
        return target
    raise AssertionError("counting never ends")


def _made(folder: Path) -> Path:
    """The folder, made where it is missing, with a counter where a file has its name."""
    for number in count(1):
        counted = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            counted.mkdir(exist_ok=True)
        except FileExistsError:
            continue
        return counted
    raise AssertionError("counting never ends")


def _moved(path: Path, target: Path) -> Path:
    try:
        return path.replace(target)
    except OSError:
        if _is_empty(target):
            target.unlink()
            target.with_name(target.name + REASON_SUFFIX).unlink(missing_ok=True)
        raise


def _is_empty(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == 0
