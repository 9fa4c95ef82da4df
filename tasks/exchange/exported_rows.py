"""Rows in a file for other tools, as they come: never all of them in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from tasks.exchange.flush import flush

Writer = Callable[[Path, pa.Schema], Any]
"""Opens a file; what it gives takes batches by `write_batch` and ends with its context."""
WRITERS: Final[dict[str, Writer]] = {
    ".parquet": lambda path, schema: pyarrow.parquet.ParquetWriter(path, schema, compression="zstd"),
    ".arrow": lambda path, schema: pa.ipc.new_file(str(path), schema),
    ".csv": pyarrow.csv.CSVWriter,
}
"""By the end of a file's name."""


def check_format(path: Path) -> None:
    """Tells a file that can be written from one that cannot, by its name.

    Raises:
        ValueError: Its name says no known format.
    """
    if path.suffix.lower() not in WRITERS:
        raise ValueError(f"{path.name}: end its name with {', '.join(WRITERS)}, which says the format")


def write_rows(path: Path, rows: pa.RecordBatchReader) -> int:
    """Writes rows to a file, complete or not at all; returns how many.

    Raises:
        ValueError: Its name says no known format.
    """
    check_format(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part, count = path.with_name(f".{path.name}.part"), 0
    try:
        with WRITERS[path.suffix.lower()](part, rows.schema) as writer:
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
        flush(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count
