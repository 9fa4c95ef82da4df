"""The bytes of a file, uncompressed, and never more of them than allowed."""

import codecs
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import zstandard

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.regular_file import opened

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_GZIP: Final = 31  # a gzip header and the widest window, as zlib has it
_READ_BYTES: Final = 2**20
_PACKED_BYTES: Final = 2**12  # read at once: a few bytes of input may say 128 KiB of output
_FEW_PARTS: Final = 1_000
_PART_BYTES: Final = 2**10
"""What members and frames hold on average at least, where there are many: opening one costs more than its bytes."""


def uncompressed(path: Path, *, max_bytes: int) -> bytes:
    """The content of a plain, gzip (also of several members) or zstandard (also of several frames) file.

    What the content is decides, not the name; a name that promises compression must keep it.

    Raises:
        IrregularFileError: It is no file.
        UnreadableFileError: Broken or cut short, or larger than `max_bytes`, which is noticed while reading.
    """
    content = bytearray()
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise _too_large(path, max_bytes)
        magic = file.read(4)
        file.seek(0)
        try:
            for chunk in _chunks(file, magic, path, _FEW_PARTS + max_bytes // _PART_BYTES):
                content += chunk
                if len(content) > max_bytes:
                    raise _too_large(path, max_bytes)
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


def _chunks(file: IO[bytes], magic: bytes, path: Path, most_parts: int) -> Iterator[bytes]:
    if magic.startswith(GZIP_MAGIC):
        yield from _unpacked(file, lambda: zlib.decompressobj(_GZIP), most_parts)
    elif magic == ZSTD_MAGIC:
        yield from _unpacked(file, lambda: zstandard.ZstdDecompressor().decompressobj(), most_parts)
    elif path.suffix.lower() in {".gz", ".zst"}:
        raise UnreadableFileError(
            f"{path.name} is named as compressed but is not {path.suffix[1:]}: send it again, or drop the suffix"
        )
    else:
        yield from iter(lambda: file.read(_READ_BYTES), b"")


def _unpacked(file: IO[bytes], part_reader: Callable[[], Any], most_parts: int) -> Iterator[bytes]:
    """The content of all members or frames, one after the other; zeros behind one are padding."""
    part, parts = part_reader(), 1
    while packed := file.read(_PACKED_BYTES):
        while packed := packed.lstrip(b"\0") if part.eof else packed:
            if part.eof:
                part, parts = part_reader(), parts + 1
                if parts > most_parts:
                    raise EOFError(
                        f"it is in more than {most_parts:,} parts, most of them with hardly anything in them"
                    )
            yield part.decompress(packed)
            packed = part.unused_data
    if not part.eof:
        raise EOFError("its last part is cut short")


def _too_large(path: Path, max_bytes: int) -> UnreadableFileError:
    return UnreadableFileError(
        f"{path.name} holds more than {max_bytes:,} bytes uncompressed, the most that is read: "
        "split it, or raise the limit"
    )
