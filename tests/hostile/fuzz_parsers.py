"""A coverage-guided fuzzer of one parser, in a process of its own: `fuzz_parsers.py PARSER CORPUS [libFuzzer options]`.

What a parser may raise is what its callers expect of it; anything else, a hang and a growing memory are findings.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import count
from pathlib import Path

import atheris
import dataframely as dy
import polars as pl
import typer

# Only the libraries that a parser is about: to instrument all of them takes longer than many a run.
LIBRARIES = {"condition": ["sqlglot"], "text": ["jinja2"], "roster": ["tomlkit"], "events.xml": ["defusedxml"]}

with atheris.instrument_imports(include=["tasks", *LIBRARIES.get(sys.argv[1], [])]):
    from exchange.test_render_messages import one, template

    from deployments.command_line.options import instant
    from tasks.contracts.ingest_events import EventFields, ReceivedRow
    from tasks.contracts.publish_templates import TemplateError
    from tasks.exchange.reading.read_errors import UnreadableFileError
    from tasks.exchange.reading.read_rows import read_rows
    from tasks.exchange.roster import RosterError, load_roster
    from tasks.exchange.sending.hand_over_journal import journal_results
    from tasks.exchange.templates.check_template_texts import text_fault
    from tasks.exchange.templates.read_templates import read_templates
    from tasks.ingest_events import split_events
    from tasks.read_delivery_log import read_log_fields
    from tasks.store.collect_delivery_logs import extract_log_fields
    from tasks.store.connection import StoreFile, writing
    from tasks.store.published import QueryError, query_published
    from tasks.transforms.collect_delivery_logs import normalise_log
    from tasks.transforms.ingest_events import normalise
    from tasks.transforms.template_conditions import ConditionError, compile_condition

FOLDER = Path(tempfile.mkdtemp())
MAX_BYTES = 1_000_000
TURNS = count()
WHOLE_WAY_EVERY = 25
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def events(suffix: str, content: bytes) -> None:
    path = FOLDER / f"e{suffix}"
    path.write_bytes(content)
    try:
        rows = read_rows(path, max_bytes=MAX_BYTES).rows
    except UnreadableFileError:
        return
    if next(TURNS) % WHOLE_WAY_EVERY == 0:
        whole_way(rows)


def whole_way(rows: dy.DataFrame[ReceivedRow]) -> None:
    """What is read becomes events and log rows, or is rejected: costly, and no Python whose coverage could guide."""
    accepted, rejected = split_events(rows, now=NOW)
    assert accepted.height + rejected.height <= rows.height
    assert not rejected["reason"].is_null().any()
    logged, refused = normalise_log(extract_log_fields(rows))
    assert logged.height + refused.height == rows.height


def templates(suffix: str, content: bytes) -> None:
    path = FOLDER / f"t{suffix}"
    path.write_bytes(content)
    try:
        sources = read_templates(FOLDER if suffix == ".toml" else path).sources
    except TemplateError:
        return
    assert sources.height >= 0


def condition(content: bytes) -> None:
    try:
        compile_condition(content.decode("utf-8", "surrogateescape"))
    except ConditionError as error:
        assert str(error)  # noqa: PT017 # either way out is fine


def text(content: bytes) -> None:
    body = content.decode("utf-8", "replace") or "x"
    one({"name": "Ada", "lines": [1, 2]}, template(body_text=body))
    text_fault(body)


def roster(content: bytes) -> None:
    (FOLDER / "accounts.toml").write_bytes(content)
    try:
        load_roster(FOLDER / "accounts.toml")
    except RosterError:
        return


@cache
def published() -> Path:
    """An empty store in the place of published data, with a file beside it that no query may reach."""
    (FOLDER / "secret.csv").write_text("a\nkept from queries\n")
    with writing(StoreFile(FOLDER / "published.duckdb", "control"), purpose="fuzzing"):
        pass
    os.chdir(FOLDER)
    return FOLDER / "published.duckdb"


def query(content: bytes) -> None:
    """Whatever is asked, nothing is written and no other file is read."""
    path = published()
    before = sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in FOLDER.iterdir())
    try:
        rows = query_published(path, content.decode("utf-8", "replace"), limit=10)
    except QueryError:
        rows = None
    assert before == sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in FOLDER.iterdir())
    assert rows is None or "kept from queries" not in str(rows.rows())


def fields(content: bytes) -> None:
    """Instants, addresses and the other fields of an event, one a line: hundreds of candidates at a time."""
    lines = content.decode("utf-8", "replace").split("\n")[:500]
    frame = pl.DataFrame({name: pl.Series(lines, dtype=pl.String) for name in EventFields.columns() if name != "line"})
    odd = EventFields.validate(frame.with_columns(problem=None, ctx=pl.lit("{}")).with_row_index("line", 1), cast=True)
    accepted, rejected = normalise(odd)
    assert accepted.height + rejected.height == odd.height
    assert not rejected["reason"].is_null().any()


def clock(content: bytes) -> None:
    """The text given to `--now`."""
    try:
        assert instant(content.decode("utf-8", "replace")).tzinfo is UTC
    except typer.BadParameter:
        return


def journal(content: bytes) -> None:
    (FOLDER / "journal").write_bytes(content)
    journal_results(FOLDER / "journal")


def log(content: bytes) -> None:
    """A delivery log of whatever kind: JSON of a provider, lines of a mail server, mails."""
    path = FOLDER / "log"
    path.write_bytes(content)
    try:
        _, read = read_log_fields(path, "auto", max_bytes=MAX_BYTES, received_at=NOW)
    except UnreadableFileError:
        return
    logged, refused = normalise_log(read)
    assert logged.height + refused.height == read.height


PARSERS: dict[str, Callable[[bytes], None]] = {
    **{f"events{suffix}": lambda content, suffix=suffix: events(suffix, content)  # type: ignore[misc]
       for suffix in ("", ".ndjson", ".json", ".csv", ".xml", ".parquet", ".csv.gz", ".csv.zst")},
    **{f"templates{suffix}": lambda content, suffix=suffix: templates(suffix, content)  # type: ignore[misc]
       for suffix in (".toml", ".csv", ".ndjson", ".parquet")},
    "condition": condition,
    "text": text,
    "roster": roster,
    "journal": journal,
    "query": query,
    "fields": fields,
    "clock": clock,
    "log": log,
}  # fmt: skip


def main() -> None:
    parser, *options = sys.argv[1:]
    atheris.Setup([sys.argv[0], *options], PARSERS[parser])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
