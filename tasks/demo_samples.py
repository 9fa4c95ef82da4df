"""The committed samples that no text editor can write, made from those that one can.

`python -m tasks.demo_samples` makes them anew under `data/samples/`.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Final

import polars as pl
import zstandard

from tasks.contracts.vocabulary import CTX_MAX_BYTES
from tasks.settings import PROJECT

SAMPLES: Final = PROJECT / "data" / "samples"
SHOP: Final = Path("events", "retail", "batch")
AWKWARD: Final = Path("events", "travel", "batch")
KEPT_BYTES: Final = 700
"""What is left of the Parquet file that was cut short: its end, which says where everything is, is gone."""


def make_samples(samples: Path, target: Path) -> list[Path]:
    """Writes the compressed, Parquet and oversized samples.

    Args:
        samples: Where the hand-written samples are.
        target: Where to write, under the same relative names.

    Returns:
        The files written.
    """
    shop, awkward = target / SHOP, target / AWKWARD
    for folder in (shop, awkward):
        folder.mkdir(parents=True, exist_ok=True)
    orders = samples / SHOP / "orders.ndjson"
    parquet = shop / "orders.parquet"
    pl.read_ndjson(orders).write_parquet(parquet)
    contents = {
        shop / "orders.ndjson.gz": _gzip(orders.read_bytes()),
        shop / "orders.push-events.xml.gz": _gzip((samples / SHOP / "orders.push-events.xml").read_bytes()),
        shop / "orders.csv.zst": _zstandard((samples / SHOP / "orders.csv").read_bytes()),
        awkward / "cut-short.parquet": parquet.read_bytes()[:KEPT_BYTES],
        awkward / "ctx-too-large.ndjson.gz": _gzip(_oversized()),
    }
    for path, content in contents.items():
        path.write_bytes(content)
    return [parquet, *contents]


def _oversized() -> bytes:
    """An event whose `ctx` is just too large, and one whose `ctx` is just not."""
    event = {"type": "parcel_shipped", "email": "deliver+noor@example.org", "created": "2026-11-23T08:32:00Z"}
    parcel = {"parcel": {"number": "ZX-43", "carrier": "Rail Express"}, "customer": {"first_name": "Noor"}}
    room = CTX_MAX_BYTES - len(json.dumps({**parcel, "padding": ""}, separators=(",", ":")))
    rows = [
        {"id": f"ctx of {name} bytes", **event, "ctx": {**parcel, "padding": "x" * size}}
        for name, size in (("131072", room), ("131073", room + 1))
    ]
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def _zstandard(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=19).compress(content)


if __name__ == "__main__":
    for written in make_samples(SAMPLES, SAMPLES):
        sys.stdout.write(f"{written.relative_to(PROJECT)}\n")
