"""The same five orders, in every format that is accepted."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.demo_home import SAMPLES
from tasks.exchange.reading.read_rows import read_rows
from tasks.ingest_events import split_events

FOLDER = SAMPLES / "events" / "retail" / "batch"
NOW = datetime.fromisoformat("2026-11-23T09:00:00Z")
FORMATS = {
    "orders.csv": "csv",
    "orders.csv.zst": "csv",
    "orders.ndjson.gz": "ndjson",
    "orders.parquet": "parquet",
    "orders.push-events.xml": "xml",
    "orders.push-events.xml.gz": "xml",
    "orders.soap.xml": "xml",
    "orders.cloudevents.json": "json",
    "orders.cloudevents.ndjson": "ndjson",
}


def events(path: Path) -> pl.DataFrame:
    accepted, rejected = split_events(read_rows(path, max_bytes=10_000_000).rows, now=NOW)
    assert rejected.is_empty()
    return accepted.drop("line").with_columns(pl.col("ctx").str.json_decode(CTX))


CTX = pl.Struct(
    {
        "order": pl.Struct(
            {
                "number": pl.String,
                "total": pl.String,
                "currency": pl.String,
                "line": pl.List(pl.Struct({"name": pl.String, "quantity": pl.String})),
            }
        ),
        "customer": pl.Struct({"first_name": pl.String}),
        "note": pl.String,
    }
)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_events(name: str) -> None:
    assert events(FOLDER / name).equals(events(FOLDER / "orders.ndjson"))
    assert read_rows(FOLDER / name, max_bytes=10_000_000).format == FORMATS[name]


def test_an_event_alone_is_the_first_of_them() -> None:
    assert events(FOLDER / "order-1001.xml").equals(events(FOLDER / "orders.ndjson").head(1))


def test_no_format_of_the_folder_is_left_out() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*FORMATS, "orders.ndjson", "order-1001.xml"}


def test_the_events_are_what_their_authors_wrote() -> None:
    orders = events(FOLDER / "orders.ndjson")
    assert orders.select("event_key", "language", "country", "external_id", "channel").rows() == [
        ("shop.example/orders 1001", "en-GB", "GB", "O-1001", "email"),
        ("shop.example/orders 1002", "fr-CA", "CA", "O-1002", "email"),
        ("shop.example/orders 1003", "de-AT", "AT", "O-1003", "email"),
        ("shop.example/orders 1004", "en-US", "US", "O-1004", "email"),
        ("shop.example/orders 1005", "pt-BR", "BR", "O-1005", "email"),
    ]
    assert orders["created_at"].dt.to_string("%H:%M:%S%.3f").to_list() == [
        "08:41:07.000", "08:43:30.000", "08:47:12.000", "08:52:00.250", "08:55:41.000",
    ]  # fmt: skip
