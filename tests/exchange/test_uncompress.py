"""Compressed files: whole, cut short, broken, or made to fill the memory."""

import gzip
from pathlib import Path

import pytest
import zstandard

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.uncompress import as_utf8, uncompressed

TEXT = b"type,email\n" * 1_000


@pytest.mark.parametrize(
    "packed",
    [
        TEXT,
        gzip.compress(TEXT, mtime=0),
        gzip.compress(TEXT[:99], mtime=0) + gzip.compress(TEXT[99:], mtime=0),
        zstandard.compress(TEXT),
        zstandard.compress(TEXT[:99]) + zstandard.compress(b"") + zstandard.compress(TEXT[99:]),
    ],
)
def test_the_content_is_the_same_however_it_is_packed(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(packed)

    assert uncompressed(path, max_bytes=len(TEXT)) == TEXT
    with pytest.raises(UnreadableFileError, match=r"f\.csv holds more than 10,999 bytes uncompressed"):
        uncompressed(path, max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("f.gz", gzip.compress(TEXT, mtime=0)[:-9]),
        ("f.gz", gzip.compress(TEXT, mtime=0)[:-20] + b"x" * 20),
        ("f.gz", gzip.compress(TEXT, mtime=0) + b"garbage"),
        ("f.zst", zstandard.compress(TEXT)[:-1]),
        ("f.zst", zstandard.compress(TEXT)[:9] + b"xxx"),
        ("f.zst", zstandard.compress(TEXT) + b"garbage"),
    ],
)
def test_a_broken_or_short_file_is_refused(tmp_path: Path, name: str, packed: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(packed)

    with pytest.raises(UnreadableFileError, match=r"f\..* cannot be uncompressed after .* bytes .*send it again"):
        uncompressed(path, max_bytes=10**6)


@pytest.mark.parametrize("name", ["f.csv.gz", "f.csv.zst"])
def test_a_name_that_promises_compression_must_keep_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(TEXT)

    with pytest.raises(UnreadableFileError, match="named as compressed but is not"):
        uncompressed(tmp_path / name, max_bytes=10**6)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_is_noticed_before_it_fills_the_memory(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "bomb"
    path.write_bytes(pack(pack(b"\0" * 2**28)))  # 256 MiB in some hundred bytes, packed twice
    inner = uncompressed(path, max_bytes=10**6)
    path.write_bytes(inner)

    with pytest.raises(UnreadableFileError, match="more than 1,000,000 bytes"):
        uncompressed(path, max_bytes=10**6)


def test_byte_order_marks_are_removed_and_utf16_becomes_utf8() -> None:
    assert as_utf8("é".encode("utf-8-sig"), "f") == ("é".encode(), True)
    assert as_utf8("é".encode("utf-16"), "f") == ("é".encode(), True)
    assert as_utf8("é".encode(), "f") == ("é".encode(), False)
    with pytest.raises(UnreadableFileError, match="begins as UTF-16 but is not"):
        as_utf8(b"\xff\xfea", "f")
