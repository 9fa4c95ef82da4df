"""Which files are logs of mail servers, or mails, and their rows."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.contracts.provider_logs import LogFormat
from tasks.exchange.delivery_logs import exim, postfix
from tasks.exchange.delivery_logs.dsn import dsn_fields
from tasks.exchange.reading.read_lines import line_rows, physical_lines
from tasks.exchange.reading.uncompress import uncompressed

_LINE_READERS: Final[dict[str, Callable[..., dy.DataFrame[LogFields]]]] = {
    postfix.PROVIDER: postfix.postfix_fields,
    exim.PROVIDER: exim.exim_fields,
}
_MARKS: Final = {name: re.compile(f"(?m){module.MARK}".encode()) for name, module in
                 ((postfix.PROVIDER, postfix), (exim.PROVIDER, exim))}  # fmt: skip
_MAIL: Final = re.compile(rb"(?:From \S+ [^\n]*\d{4}\r?\n)?(?:[A-Za-z][A-Za-z0-9-]*: [^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_LOOKED_AT: Final = 65_536  # bytes


def text_log(
    path: Path, log_format: LogFormat, *, max_bytes: int, received_at: datetime
) -> tuple[str, dy.DataFrame[LogFields]] | None:
    """The rows of a file that is no JSON, CSV or Parquet.

    Args:
        path: The file, possibly gzip or zstandard.
        log_format: What it is; `auto`: told by its beginning.
        max_bytes: The most that it may hold, uncompressed.
        received_at: For rows without a time.

    Returns:
        What it is, and its rows; None where it is something else.

    Raises:
        UnreadableFileError: It holds too much.
    """
    if log_format not in {"auto", "dsn", *_LINE_READERS}:
        return None
    content = uncompressed(path, max_bytes=max_bytes)
    name = log_format if log_format != "auto" else _recognised(content)
    if name == "dsn":
        return name, dsn_fields(content, received_at=received_at)
    if name is None:
        return None
    lines: pl.DataFrame = line_rows(physical_lines(content))
    return name, _LINE_READERS[name](lines, received_at=received_at)


def _recognised(content: bytes) -> str | None:
    head = content[:_LOOKED_AT]
    if head.lstrip()[:1] in {b"{", b"[", b"<"} and not _MARKS["postfix"].search(head):
        return None
    for name, mark in _MARKS.items():
        if mark.search(head):
            return name
    return "dsn" if _MAIL.match(head) else None
