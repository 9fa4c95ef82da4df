"""Every format gives the same documents; what cannot be read says why."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.exchange.reading.read_received import RAW_KEPT_CHARACTERS, ROW_MAX_BYTES
from tasks.exchange.reading.read_rows import SUFFIXES, FileRows, UnreadableFileError, read_rows

MAX_BYTES = 10_000_000

EVENTS: list[dict[str, object]] = [
    {"type": "order", "email": "ann@example.org", "language": "fr", "ctx": {"name": 'Ann "A"', "note": "a, b;\nc"}},
    {"type": "parcel", "email": "bob@example.org", "language": None, "ctx": {"name": "Zoë"}},
]


def read(path: Path, content: bytes, *, max_bytes: int = MAX_BYTES) -> FileRows:
    path.write_bytes(content)
    return read_rows(path, max_bytes=max_bytes)


def events_of(rows: FileRows) -> list[dict[str, object]]:
    """The documents without nulls, `ctx` as an object."""
    documents = [json.loads(document) for document in rows.rows["document"]]
    for document in documents:
        if isinstance(document["ctx"], str):
            document["ctx"] = json.loads(document["ctx"])
    return [{key: value for key, value in document.items() if value is not None} for document in documents]


def as_csv(separator: str) -> str:
    cells = [
        [
            str(e["type"]),
            str(e["email"]),
            str(e["language"] or ""),
            '"' + json.dumps(e["ctx"], ensure_ascii=False).replace('"', '""') + '"',
        ]
        for e in EVENTS
    ]
    return "\r\n".join(separator.join(row) for row in [["type", "email", "language", "ctx"], *cells])


def as_parquet(path: Path) -> bytes:
    pl.DataFrame([e | {"ctx": json.dumps(e["ctx"])} for e in EVENTS]).write_parquet(path)
    return path.read_bytes()


LINES = "\n".join(json.dumps(event) for event in EVENTS).encode()
XML = """<PushEvents>
  <rtEvent type="order" email="ann@example.org" language="fr"><ctx><name>Ann "A"</name><note>a, b;
c</note></ctx></rtEvent>
  <rtEvent type="parcel" email="bob@example.org"><ctx><name>Zoë</name></ctx></rtEvent>
</PushEvents>""".encode()


@pytest.mark.parametrize(
    ("name", "content", "format_"),
    [
        ("e.ndjson", LINES, "ndjson"),
        ("e.jsonl", b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n"), "ndjson"),
        ("e.json", json.dumps(EVENTS, indent=2).encode(), "json"),
        ("lines.json", LINES, "ndjson"),
        ("e.csv", as_csv(",").encode(), "csv"),
        ("bom.csv", as_csv(",").encode("utf-8-sig"), "csv"),
        ("utf16.csv", as_csv("\t").encode("utf-16"), "csv"),
        ("semicolons.csv", as_csv(";").encode(), "csv"),
        ("e.tsv", as_csv("\t").encode(), "csv"),
        ("bars.CSV", as_csv("|").encode(), "csv"),
        ("e.xml", XML, "xml"),
        ("utf16.xml", ('<?xml version="1.0" encoding="utf-16"?>' + XML.decode()).encode("utf-16"), "xml"),
    ],
)
@pytest.mark.parametrize("compressed", ["", ".gz", ".zst"])
def test_each_format_gives_the_same_events(
    tmp_path: Path, name: str, content: bytes, format_: str, compressed: str
) -> None:
    packed = {
        "": content,
        ".gz": gzip.compress(content[:9], mtime=0) + gzip.compress(content[9:], mtime=0),
        ".zst": zstandard.compress(content[:9]) + zstandard.compress(content[9:]),
    }[compressed]

    rows = read(tmp_path / f"{name}{compressed}", packed)

    expected = [{key: value for key, value in event.items() if value is not None} for event in EVENTS]
    assert (rows.format, events_of(rows)) == (format_, expected)
    assert rows.rows["problem"].to_list() == [None, None]


def test_parquet_gives_the_same_events(tmp_path: Path) -> None:
    rows = read(tmp_path / "e.parquet", as_parquet(tmp_path / "source"))

    assert rows.format == "parquet"
    assert events_of(rows) == [{key: value for key, value in event.items() if value is not None} for event in EVENTS]


@pytest.mark.parametrize("name", ["events", "events.txt", "events.gz", "2026.11.23"])
def test_where_the_name_says_nothing_the_content_does(tmp_path: Path, name: str) -> None:
    formats = []
    for content in (LINES, json.dumps(EVENTS).encode(), as_csv(",").encode(), as_parquet(tmp_path / "source"), XML):
        packed = gzip.compress(content, mtime=0) if name.endswith(".gz") else content
        formats.append(read(tmp_path / name, packed).format)

    assert formats == ["ndjson", "json", "csv", "parquet", "xml"]


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n,,,", b"no separator\n\x00"])
def test_an_unknown_file_is_refused_with_what_may_be_sent(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"f\.dat is no NDJSON.*\.parquet"):
        read(tmp_path / "f.dat", content)


@pytest.mark.parametrize("name", ["e.ndjson", "e.json", "e.csv", "e.tsv", "e", "e.csv.gz"])
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\r\n \n"])
def test_an_empty_file_has_no_rows(tmp_path: Path, name: str, content: bytes) -> None:
    rows = read(tmp_path / name, gzip.compress(content, mtime=0) if name.endswith("gz") else content)

    assert rows.rows.is_empty()


def test_a_csv_file_without_a_header_is_refused_rather_than_read_without_its_first_row(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"no column named type or kind .*name the columns there"):
        read(tmp_path / "e.csv", b"order,ann@example.org\nparcel,bob@example.org\n")
    assert read(tmp_path / "log.csv", b"event_id,kind\n1,delivered\n").rows.height == 1


def test_a_row_that_is_too_long_costs_itself_and_is_cut(tmp_path: Path) -> None:
    long = b'{"type": "' + b"x" * ROW_MAX_BYTES + b'"}'

    rows = read(tmp_path / "e.ndjson", b'{"a": 1}\n' + long + b'\n{"b": 2}').rows

    assert rows["document"].to_list() == ['{"a": 1}', None, '{"b": 2}']
    assert rows["problem"][1] == "the row is longer than 1,048,576 bytes, the most that one row may have"
    assert rows["raw"][1] == f"{long[:RAW_KEPT_CHARACTERS].decode()} ... (the first 4096 characters of 1048588 bytes)"


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(
    content=st.binary(max_size=200), start=st.sampled_from([b"", b"[", b"{", b"<a>", b"type,b\n", b"PAR1", b"\x1f\x8b"])
)
def test_random_bytes_are_rows_or_an_unreadable_file(tmp_path: Path, content: bytes, start: bytes) -> None:
    for name in ["e", *(f"e{suffix}" for suffix in SUFFIXES), "e.csv.gz", "e.csv.zst"]:
        try:
            rows = read(tmp_path / name, start + content).rows
        except UnreadableFileError as error:
            assert str(error).startswith(name)  # noqa: PT017 - either way out is fine, neither is required
        else:
            assert rows.select((pl.col("document").is_null() == pl.col("problem").is_not_null()).all()).item()


@FUZZ
@given(where=st.integers(min_value=0), byte=st.integers(0, 255), suffix=st.sampled_from(["json", "csv", "xml"]))
def test_one_wrong_byte_is_rows_or_an_unreadable_file(tmp_path: Path, where: int, byte: int, suffix: str) -> None:
    content = bytearray({"json": LINES, "csv": as_csv(",").encode(), "xml": XML}[suffix])
    content[where % len(content)] = byte
    try:
        assert read(tmp_path / f"e.{suffix}", bytes(content)).rows.height <= 10
    except UnreadableFileError as error:
        assert str(error).startswith("e.")  # noqa: PT017 - either way out is fine, neither is required


def test_instants_of_parquet_are_those_of_text(tmp_path: Path) -> None:
    instant = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    pl.DataFrame({"created": [instant]}).write_parquet(tmp_path / "e.parquet")

    document = json.loads(read_rows(tmp_path / "e.parquet", max_bytes=MAX_BYTES).rows["document"][0])

    assert datetime.fromisoformat(document["created"]) == instant
