"""Files that a person names: single ones, or folders with all that is finished in them."""

from collections.abc import Sequence
from pathlib import Path

from tasks.exchange.inbox import is_unfinished, waiting_files
from tasks.exchange.regular_file import IrregularFileError


def named_files(paths: Sequence[str]) -> list[Path]:
    """The files behind the names, in the order given, folders by file name; unfinished ones are left alone.

    Raises:
        FileNotFoundError: A name leads nowhere; all such names are listed.
        IrregularFileError: A name is that of a pipe, a socket or a device; all such names are listed.
    """
    named = [Path(path).expanduser().absolute() for path in paths]
    if missing := [str(path) for path in named if not path.exists()]:
        raise FileNotFoundError(f"No such file or folder: {', '.join(missing)}")
    if irregular := [str(path) for path in named if not path.is_file() and not path.is_dir()]:
        raise IrregularFileError(f"Neither a file nor a folder: {', '.join(irregular)}; write what it gives to a file")
    files: list[Path] = []
    for path in named:
        found = waiting_files(path) if path.is_dir() else [path]
        files += [file for file in found if not is_unfinished(file)]
    return files
