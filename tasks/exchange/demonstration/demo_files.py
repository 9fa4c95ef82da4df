"""Event rows as files of several formats, put into an inbox the way a careful producer does it."""

import gzip
from collections.abc import Callable
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Final

import polars as pl
import zstandard

FILE_EVENTS: Final = 50_000
"""Events per file at most."""


def write_events(rows: pl.DataFrame, inbox: Path, name: str) -> list[Path]:
    """Writes rows into several files, each complete when it is there.

    Args:
        rows: Fields of events as text, `ctx` as JSON; rows whose `fault` is `cut` are written broken.
        inbox: Where the files go.
        name: What their names begin with.
    """
    size = max(1, ceil(rows.height / max(len(FORMATS), ceil(rows.height / FILE_EVENTS))))
    suffixes = list(FORMATS)
    return [
        put(inbox / f"{name}-{number:03}{suffix}", FORMATS[suffix](part))
        for number, part in enumerate(rows.iter_slices(size))
        if (suffix := suffixes[number % len(suffixes)])
    ]


def put(path: Path, content: bytes) -> Path:
    """Writes a file under a name that no reader takes, then gives it its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_bytes(content)
    return beside.rename(path)


def _ndjson(rows: pl.DataFrame) -> bytes:
    fields = pl.struct(pl.exclude("ctx", "fault")).struct.json_encode().str.head(-1)
    lines = rows.select(_cut(pl.concat_str(fields, pl.lit(',"ctx":'), "ctx", pl.lit("}")))).to_series()
    return "".join(f"{line}\n" for line in lines).encode()


def _csv(rows: pl.DataFrame) -> bytes:
    """Broken rows end after their first values."""
    header, *lines = rows.drop("fault").write_csv().splitlines()
    whole = pl.Series(lines, dtype=pl.String).to_frame("line").with_columns(rows["fault"])
    return "\n".join([header, *whole.select(_cut(pl.col("line"))).to_series(), ""]).encode()


def _parquet(rows: pl.DataFrame) -> bytes:
    """Broken rows have a broken `ctx`: a Parquet file cannot break in one row."""
    content = BytesIO()
    rows.with_columns(_cut(pl.col("ctx")).alias("ctx")).drop("fault").write_parquet(content)
    return content.getvalue()


def _cut(text: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("fault") == "cut").then(text.str.head(40)).otherwise(text)


FORMATS: Final[dict[str, Callable[[pl.DataFrame], bytes]]] = {
    ".ndjson": _ndjson,
    ".ndjson.gz": lambda rows: gzip.compress(_ndjson(rows), compresslevel=1, mtime=0),
    ".csv.zst": lambda rows: zstandard.ZstdCompressor(level=1).compress(_csv(rows)),
    ".parquet": _parquet,
}
