"""Message Center XML: `rtEvent` and `batchEvent` elements, wherever they stand."""

from typing import Final

import dataframely as dy
import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from tasks.contracts.ingest_events import ReceivedRow
from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_received import received_rows
from tasks.exchange.reading.read_xml_events import EventCollector

_FED_BYTES: Final = 2**16
_TAG_MAX_BYTES: Final = 2**23  # the parser reads a tag from its start again with every bite


def xml_rows(content: bytes, name: str, *, is_utf8: bool, most: int) -> dy.DataFrame[ReceivedRow]:
    """One row per event element; attributes and child elements are its fields, every value is text.

    Args:
        content: The file.
        name: What to call the file in messages.
        is_utf8: The content is UTF-8, whatever its XML declaration says.
        most: As many elements are read.

    Raises:
        UnreadableFileError: Not well-formed, with a document type or entities, without any event, with too many
            of them, or with too many levels around them.
    """
    collector = EventCollector(content, name, most)
    try:
        _feed(content, collector, name, is_utf8=is_utf8)
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"{name} declares a document type or entities, which are never read ({type(error).__name__}); "
            "send plain elements only"
        ) from error
    except (ParseError, LookupError, ValueError) as error:
        raise UnreadableFileError(f"{name} is not well-formed XML: {error}; mend it and send it again") from error
    if not collector.rows:
        raise UnreadableFileError(f"{name} holds no rtEvent or batchEvent element; wrap each event in one")
    rows = pl.DataFrame(
        collector.rows, schema={"raw": pl.String, "document": pl.String, "problem": pl.String}, orient="row"
    )
    return received_rows(rows.with_row_index("line", offset=1))


def _feed(content: bytes, collector: EventCollector, name: str, *, is_utf8: bool) -> None:
    parser = DefusedXMLParser(target=collector, encoding="utf-8" if is_utf8 else None, forbid_dtd=True)
    collector.position = lambda: parser.parser.CurrentByteIndex
    view = memoryview(content)
    for start in range(0, len(content), _FED_BYTES):
        parser.feed(view[start : start + _FED_BYTES])
        if start - collector.position() > _TAG_MAX_BYTES:
            raise UnreadableFileError(f"{name} has a tag or comment of over {_TAG_MAX_BYTES:,} bytes; shorten it")
    parser.close()
