"""What lies in an inbox or in a journal without belonging there harms neither its neighbours nor their reader."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.contracts.accounts import Account
from tasks.exchange.inbox import content_hash, put_away, set_aside, waiting_files
from tasks.exchange.named_files import named_files
from tasks.exchange.regular_file import IrregularFileError
from tasks.exchange.roster import RosterError, load_roster
from tasks.exchange.sending.hand_over_journal import journal_results
from tasks.ingest_events import find_event_files, ingest_file
from tasks.settings import Settings

EVENT = '{"type": "order", "email": "ada@example.org", "id": "%s"}'
NAMES = [
    b"done", b"rejected", b"-rf", b"a\nb.ndjson", b"\xff\xfe.ndjson", b"$(reboot).ndjson", b"x" * 240 + b".ndjson",
    b"'; drop table event; --.ndjson", b"{0}%s$name.ndjson", b"a..%2f..%2fetc%2fpasswd", b"\xe2\x80\xae.ndjson",
    b"CON", b" ", b"~",
]  # fmt: skip


def test_files_of_any_name_are_taken_in_and_put_away(settings: Settings, account: Account, now: datetime) -> None:
    inbox = settings.inbox(account.name, "batch")
    inbox.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.fsencode(inbox) + b"/" + name)).write_text(EVENT % number)
    os.mkfifo(inbox / "pipe.ndjson")
    os.mknod(inbox / "socket.ndjson", stat.S_IFSOCK | 0o600)

    counts = [
        ingest_file(settings, account, path, queue="batch", now=now)
        for path in find_event_files(settings, account, "batch")
    ]

    assert sum(count.accepted for count in counts) == len(NAMES)
    assert {path.name for path in inbox.iterdir() if not path.is_dir()} == {"pipe.ndjson", "socket.ndjson"}


@pytest.mark.parametrize("move", [put_away, lambda path: set_aside(path, "why")])
def test_a_file_in_the_way_of_the_folder_costs_nobody(tmp_path: Path, move: object) -> None:
    assert callable(move)
    for name in ("a.csv", "done", "rejected"):
        (tmp_path / name).write_text(name)

    moved = [move(path) for path in waiting_files(tmp_path)]

    assert [path.read_text() for path in moved] == ["a.csv", "done", "rejected"]
    assert waiting_files(tmp_path) == []


def test_pipes_and_devices_that_are_named_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero")):
        with pytest.raises(IrregularFileError, match="Neither a file nor a folder"):
            named_files([str(path)])
        with pytest.raises(IrregularFileError, match="a pipe or a device"):
            content_hash(path)


INTENT = {"event_id": "1", "at": "2026-11-23T12:00:00+00:00"}
DAMAGED = [
    b"5", b"[]", b"{}", b"null", b'"x"', b"[" * 100_000, b"\0" * 512, b"\xff\xfe", b"9" * 5_000,
    json.dumps(INTENT | {"event_id": "x"}).encode(), json.dumps(INTENT | {"event_id": str(2**70)}).encode(),
    json.dumps(INTENT | {"at": 5}).encode(), json.dumps(INTENT | {"outcome": "nonsense"}).encode(),
    json.dumps(INTENT | {"outcome": [], "kind": {}}).encode(), json.dumps(INTENT | {"reason": {"a": 1}}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_of_a_journal_leaves_the_others_what_they_say(tmp_path: Path, line: bytes) -> None:
    taken = json.dumps(INTENT | {"event_id": "2", "outcome": "taken", "kind": "accepted"}).encode()
    (tmp_path / "journal").write_bytes(b"\n".join([json.dumps(INTENT).encode(), line, taken, b""]))

    results = journal_results(tmp_path / "journal")

    assert results is not None
    assert results.select("event_id", "outcome").rows() == [(1, "unsure"), (2, "taken")]


JOURNAL = b"".join(
    json.dumps(INTENT | {"event_id": str(number)} | result).encode() + b"\n"
    for number in range(3)
    for result in ({}, {"outcome": "taken", "kind": "accepted", "reason": None, "provider_message_id": "x"})
)
ACCOUNT = b'[[account]]\nname = "alpha"\ncell_id = 1\n[account.smtp]\nport = 25\n'
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(where=st.integers(0, len(JOURNAL) - 1), garbage=st.binary(max_size=20), kept=st.integers(0, 20))
def test_a_journal_with_any_bytes_in_it_can_be_read(tmp_path: Path, where: int, garbage: bytes, kept: int) -> None:
    (tmp_path / "journal").write_bytes(JOURNAL[:where] + garbage + JOURNAL[where + kept :])
    results = journal_results(tmp_path / "journal")
    assert results is None or results["logged_at"].max() <= datetime(9999, 12, 31, tzinfo=UTC)


@QUICK
@given(where=st.integers(0, len(ACCOUNT) - 1), garbage=st.binary(max_size=8), kept=st.integers(0, 8))
def test_a_roster_is_read_or_refused_by_name(tmp_path: Path, where: int, garbage: bytes, kept: int) -> None:
    path = tmp_path / "accounts.toml"
    path.write_bytes(ACCOUNT[:where] + garbage + ACCOUNT[where + kept :])
    try:
        accounts = load_roster(path)
    except RosterError as error:
        assert str(path) in str(error)  # noqa: PT017 # either way out is fine
    else:
        assert all(0 <= account.cell_id < 128 for account in accounts)
