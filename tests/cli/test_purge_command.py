"""The command `purge`: what it says, and that it deletes only when told to."""

from functools import partial
from pathlib import Path

import pytest
from cli.command_line import NOW, Command, CommandLine, event, lines, strict

LATER = "2027-01-23T12:00:00Z"
KEYS = "select event_key from event order by all"
BOTH = [{"event_key": "a"}, {"event_key": "b"}]


@pytest.fixture
def command(command: Command, tmp_path: Path) -> Command:
    """Commands on a home of their own, whose account has two archived events: without a template, so final."""
    ours = partial(command, home=tmp_path / "home")
    ours("accounts", "add", "alpha")
    ours("ingest", "--account", "alpha", "--now", NOW, lines(tmp_path / "e.ndjson", [event("a"), event("b")]))
    ours("process", "--account", "alpha", "--queue", "batch", "--now", NOW)
    ours("archive", "--account", "alpha", "--now", NOW)
    return ours


@pytest.fixture
def stores(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path / "home")


def test_a_purge_is_a_dry_run_unless_told_otherwise(command: Command, stores: CommandLine) -> None:
    dry = command("purge", "--account", "alpha", "--now", LATER, "--json")
    assert dry.code == 0
    told = strict(dry.out)
    assert set(told) == {"dry_run", "deleted"}
    assert (told["dry_run"], told["deleted"]["event"], told["deleted"]["archived_event"]) == (True, 2, 0)
    assert "--apply" in dry.err
    assert stores.store("alpha", KEYS) == BOTH

    applied = strict(command("purge", "--account", "alpha", "--apply", "--now", LATER, "--json").out)
    assert applied == {"dry_run": False, "deleted": told["deleted"]}
    assert stores.store("alpha", KEYS) == []
    assert stores.store("control", KEYS) == BOTH


def test_a_person_reads_what_would_go_and_that_nothing_went(command: Command, stores: CommandLine) -> None:
    outcome = command("purge", "--account", "alpha", "--now", LATER)
    assert outcome.code == 0
    assert "Would be purged from alpha" in outcome.out
    assert "Nothing was deleted" in outcome.err
    assert stores.store("alpha", KEYS) == BOTH


def test_any_instant_can_be_the_clock(command: Command) -> None:
    first = command("purge", "--account", "alpha", "--now", "0001-01-01T00:00:00Z", "--json")
    last = command("purge", "--account", "alpha", "--now", "9999-12-31T23:59:59Z", "--json")
    assert [strict(outcome.out)["deleted"]["event"] for outcome in (first, last)] == [0, 2]
