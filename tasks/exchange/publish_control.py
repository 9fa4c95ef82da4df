"""Publishing a file for reading: a new one takes the old one's place at once, whoever has the old one open."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

PART_SUFFIX = ".part"


def is_published(source: Path, target: Path) -> bool:
    """Whether `target` is a copy of `source` as it stands: it carries the instant of the source's last change."""
    if not target.exists():
        return False
    ours, theirs = source.stat(), target.stat()
    return (ours.st_mtime_ns, ours.st_size) == (theirs.st_mtime_ns, theirs.st_size)


def publish_file(source: Path, target: Path, *, check: Callable[[Path], None]) -> None:
    """Puts a copy of `source` in the place of `target`.

    The caller keeps writers away from `source`, and other publishers away from `target`.

    Args:
        source: The file to publish, complete by itself.
        target: Where readers find it.
        check: Called with the copy before it takes its place; what it raises leaves the old one there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}{PART_SUFFIX}")
    shutil.copyfile(source, part)
    check(part)
    changed = source.stat()
    os.utime(part, ns=(changed.st_atime_ns, changed.st_mtime_ns))
    _flush(part)
    part.replace(target)
    _flush(target.parent)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
