"""However events are cut into files, and files into drains, the same events are there in the end."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import drain_files
from tasks.account_run import run_on
from tasks.contracts.accounts import Account
from tasks.exchange.reading.read_rows import UnreadableFileError, read_rows
from tasks.exchange.reading.read_small import many_rows, read_small
from tasks.settings import Settings
from tasks.store.connection import reading
from tasks.take_in_files import ingest_files

NAMES = st.sampled_from(["x.json", "x.ndjson", "x", "x.csv", "x.xml"])
PIECES = st.sampled_from(
    [b'{"type": "t"}', b'{"a":\n1}', b"\n", b"\r", b"\r\n", b" ", b"\x1c", b"\xc2\xa0", b"\xe9", b"[", b"]", b",", b"{",
     b"\xef\xbb\xbf", b"type,id", b"<a/>", b'"', b"\x00", b"PAR1", b"1"]
)  # fmt: skip
CONTENTS = st.lists(PIECES, max_size=6).map(b"".join)


def outcome(read: Callable[..., Any], path: Path) -> Any:
    """What was read, or why nothing was."""
    try:
        return read(path, max_bytes=10_000)
    except UnreadableFileError as error:
        return str(error)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=3))
def test_files_read_together_have_the_rows_that_each_has_alone(files: list[tuple[str, bytes]]) -> None:
    together, alone = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files:
            path = Path(folder) / name
            path.write_bytes(content)
            small, expected = outcome(read_small, path), outcome(read_rows, path)
            if isinstance(small, str) or isinstance(expected, str):
                assert small == expected
                continue
            assert small.format == expected.format
            together.append(small)
            alone += [(len(together) - 1, *row) for row in expected.rows.rows()]
    read = many_rows(together)
    placed = read.places.join(read.rows, on="line").sort("line")
    assert placed.select("file", "file_line", "raw", "document", "problem").rows() == alone


EVENTS = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=24)


@settings(max_examples=8, deadline=None)
@given(EVENTS, st.lists(st.integers(1, 5), max_size=8), st.integers(1, 4), st.sampled_from([60, 2**20]))
def test_the_cut_into_files_and_drains_changes_nothing(
    events: list[tuple[int, bool]], sizes: list[int], drain: int, small: int
) -> None:
    """Of each key the first event wins; the others are duplicates; an event without an address is rejected."""
    rows = [
        {"id": f"k{key}", "type": "t", "email": "a@b.c" if good else "-", "ctx": {"place": place}}
        for place, (key, good) in enumerate(events)
    ]
    first: dict[str, int] = {}
    for place, (key, good) in enumerate(events):
        if good:
            first.setdefault(f"k{key}", place)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(drain_files, "DRAIN_FILES", drain),
        patch.object(drain_files, "SMALL_BYTES", small),
    ):
        run = run_on(Settings(home=Path(folder)), Account(name="alpha", cell_id=3))
        inbox = run.settings.inbox("alpha", "rt")
        inbox.mkdir(parents=True)
        rest, number = rows, 0
        while rest:
            size = sizes[number] if number < len(sizes) else 1
            (inbox / f"{number:03}.ndjson").write_text("\n".join(json.dumps(row) for row in rest[:size]))
            rest, number = rest[size:], number + 1
        counts = ingest_files(run, "rt")
        with reading(run.store) as session:
            stored = session.connection.execute("select event_key, (ctx->>'$.place')::int from event order by event_id")
            kept = stored.fetchall()
            ((unkept,),) = session.connection.execute("select count(*) from rejected_event").fetchall()
        assert [path.name for path in inbox.iterdir()] == ["done"]
    bad = sum(not good for _, good in events)
    assert kept == list(first.items())
    assert (counts.files, counts.rows, counts.accepted, counts.rejected) == (number, len(rows), len(first), bad)
    assert (counts.duplicates, unkept) == (len(rows) - len(first) - bad, bad)
