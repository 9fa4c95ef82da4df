"""A backup as a folder: complete where it has its name, and checked before it is believed."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from tasks.contracts.back_up_store import BACKUP_FORMAT, MANIFEST_FILE, BackedUpFile, BackupManifest
from tasks.exchange.flush import flush

PART_SUFFIX = ".part"


class BackupError(ValueError):
    """A folder is no backup, not an intact one, or not one of what is to be restored."""


@contextmanager
def new_backup(folder: Path) -> Iterator[Path]:
    """A folder to write a backup into, which gets its name when the block is done, durably, or not at all.

    Raises:
        FileExistsError: There is something of that name.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: name another folder with --to.")
    part = folder.with_name(f".{folder.name}{PART_SUFFIX}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        flush(part)
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    flush(folder.parent)


def file_facts(path: Path) -> BackedUpFile:
    """Size and checksum of a file."""
    with path.open("rb") as file:
        return BackedUpFile(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def write_durably(path: Path, text: str) -> None:
    """Writes a text file that a crash of the machine does not take back."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_backup(folder: Path) -> BackupManifest:
    """The manifest of a backup whose files are what it says.

    Raises:
        BackupError: It is no backup, a newer kind of it, or a file of it is missing or not as it was written.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise BackupError(f"{folder} is no backup: it has no {MANIFEST_FILE}. Name the folder that `backup` told.")
    try:
        manifest = BackupManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BackupError(f"{path} is no manifest of a backup that this version knows: {error}") from error
    if manifest.format > BACKUP_FORMAT:
        raise BackupError(f"{folder} has format {manifest.format}, of a newer version: upgrade message-center.")
    for name, facts in manifest.files.items():
        if not (folder / name).is_file() or file_facts(folder / name) != facts:
            raise BackupError(f"{folder / name} is missing, or not as it was written: take another backup.")
    return manifest
