"""Files in which an address is: what was taken in, what was rejected, what was handed over."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import polars as pl

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.uncompress import uncompressed


def files_with(address: str, folders: Iterable[Path], *, max_bytes: int) -> list[Path]:
    """The files under these folders whose content holds the address, in capitals or not."""
    wanted = address.lower()
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in paths if _holds(path, wanted, max_bytes)]


def _holds(path: Path, address: str, max_bytes: int) -> bool:
    if path.suffix == ".parquet":
        with suppress(pl.exceptions.PolarsError, OSError):
            texts = pl.read_parquet(path).select(
                pl.col(pl.String).str.to_lowercase().str.contains(address, literal=True)
            )
            return any(bool(texts[name].any()) for name in texts.columns)
    with suppress(UnreadableFileError, OSError):
        return address.encode() in uncompressed(path, max_bytes=max_bytes).lower()
    return False
