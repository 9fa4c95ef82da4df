"""The bytes of a file, uncompressed, and never more of them than allowed."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import zstandard

from tasks.exchange.reading.read_errors import UnreadableFileError

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_READ_BYTES: Final = 2**20
_ZSTD_INPUT_BYTES: Final = 2**12  # a few bytes of input may say 128 KiB of output


def uncompressed(path: Path, *, max_bytes: int) -> bytes:
    """The content of a plain, gzip (also of several members) or zstandard (also of several frames) file.

    What the content is decides, not the name; a name that promises compression must keep it.

    Raises:
        UnreadableFileError: Broken or cut short, or larger than `max_bytes`, which is noticed while reading.
    """
    content = bytearray()
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        try:
            for chunk in _chunks(file, magic, path):
                content += chunk
                if len(content) > max_bytes:
                    raise UnreadableFileError(
                        f"{path.name} holds more than {max_bytes:,} bytes uncompressed, the most that is read: "
                        "split it, or raise the limit"
                    )
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise UnreadableFileError(
                f"{path.name} cannot be uncompressed after {len(content):,} bytes ({error}): send it again, whole"
            ) from error
    return bytes(content)


def as_utf8(content: bytes, name: str) -> tuple[bytes, bool]:
    """The content without its byte order mark, in UTF-8, and whether there was a mark.

    Raises:
        UnreadableFileError: A UTF-16 mark, but no UTF-16 behind it.
    """
    if content.startswith(codecs.BOM_UTF8):
        return content[len(codecs.BOM_UTF8) :], True
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content, False
    try:
        return content.decode("utf-16").encode(), True
    except UnicodeError as error:
        raise UnreadableFileError(f"{name} begins as UTF-16 but is not: {error}; send it as UTF-8") from error


def _chunks(file: IO[bytes], magic: bytes, path: Path) -> Iterator[bytes]:
    if magic.startswith(GZIP_MAGIC):
        with gzip.GzipFile(fileobj=file) as members:
            yield from iter(lambda: members.read(_READ_BYTES), b"")
    elif magic == ZSTD_MAGIC:
        yield from _zstd_chunks(file)
    elif path.suffix.lower() in {".gz", ".zst"}:
        raise UnreadableFileError(
            f"{path.name} is named as compressed but is not {path.suffix[1:]}: send it again, or drop the suffix"
        )
    else:
        yield from iter(lambda: file.read(_READ_BYTES), b"")


def _zstd_chunks(file: IO[bytes]) -> Iterator[bytes]:
    frame = zstandard.ZstdDecompressor().decompressobj()
    while chunk := file.read(_ZSTD_INPUT_BYTES):
        pending = chunk
        while pending:
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(pending)
            pending = frame.unused_data
    if not frame.eof:
        raise EOFError("the last zstandard frame is cut short")
