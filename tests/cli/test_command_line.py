"""The command line as its users meet it: exit codes, JSON, messages, accounts."""

import re
from pathlib import Path

import pytest
from cli.command_line import NOW, Command, CommandLine, event, lines, strict


def test_a_command_in_a_process_of_its_own_prints_one_json_object_and_nothing_else_on_stdout(home: Path) -> None:
    outcome = CommandLine(home).run_apart("process", "--account", "alpha", "--queue", "rt", "--now", NOW, "--json")
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) == 1
    assert {"due", "pending_delivery", "not_taken_into_account", "expired", "deferred"} <= outcome.answer.keys()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "--account", "nobody", "FILE"),
        ("process", "--account", "nobody", "--queue", "batch"),
        ("deliver", "--account", "nobody"),
        ("logs", "--account", "nobody", "FILE"),
        ("update-status", "--account", "nobody"),
        ("archive", "--account", "nobody"),
        ("purge", "--account", "nobody"),
        ("templates", "list", "--account", "nobody"),
        ("templates", "publish", "FILE", "--account", "nobody"),
        ("templates", "pause", "nothing"),
        ("templates", "unpublish", "nothing"),
        ("accounts", "remove", "nobody"),
        ("event", "12345"),
        ("event", str(2**63 + 5)),
    ],
    ids=" ".join,
)
def test_what_does_not_exist_is_wrong_usage_and_said_in_both_ways(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    path = lines(tmp_path / "events.ndjson", [event("x")])
    outcome = command(*(str(path) if one == "FILE" else one for one in arguments), "--json")
    assert outcome.code == 2
    message = strict(outcome.out)["error"]
    assert re.search(r"nobody|nothing|cell \d+", message)
    assert "error:" in outcome.err
    assert path.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "--account", "alpha"),
        ("ingest", "--account", "alpha", "no-such-file.ndjson"),
        ("process", "--account", "alpha", "--queue", "slow"),
        ("process", "--account", "alpha"),
        ("process", "--account", "alpha", "--queue", "rt", "--now", "yesterday"),
        ("process", "--account", "alpha", "--queue", "rt", "--now", "2026-11-23T12:00:00"),
        ("process", "--account", "alpha", "--queue", "rt", "--now", "0001-01-01T00:00:00+10:00"),
        ("logs", "--account", "alpha", "--format", "telepathy", "no-such-file.ndjson"),
        ("report", "weather"),
        ("report", "history", "--from", "2026-11-23"),
        ("event", "one"),
        ("accounts", "add", "beta", "--cell-id", "128"),
        ("dance",),
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_2_and_says_what_is_wrong(command: Command, arguments: tuple[str, ...]) -> None:
    outcome = command(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert "Error" in outcome.err


@pytest.mark.parametrize("name", ["alpha", "ALPHA", "control", "../outside", "a b", ""])
def test_an_account_that_cannot_be_is_refused_and_nothing_is_made(command: Command, home: Path, name: str) -> None:
    before = sorted(home.parent.rglob("*"))
    outcome = command("accounts", "add", name, "--json")
    assert outcome.code != 0
    assert strict(outcome.out)["error"]
    assert sorted(home.parent.rglob("*")) == before


def test_an_instant_with_another_offset_is_the_same_instant(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command("accounts", "add", "beta", home=home)
    rows = [event("due", scheduled="2026-11-23T11:59:59Z"), event("later", scheduled="2026-11-23T12:00:01Z")]
    path = lines(tmp_path / "events.ndjson", rows)
    at = ("--now", "2026-11-23T14:00:00+02:00", "--json")
    assert command("ingest", "--account", "beta", path, *at, home=home).answer["accepted"] == 2
    answer = command("process", "--account", "beta", "--queue", "batch", *at, home=home).answer
    assert (answer["due"], answer["deferred"]) == (1, 1)
    assert command("update-status", "--account", "beta", *at, home=home).code == 0
    assert command("archive", "--account", "beta", *at, home=home).answer["proof"] == "equal"
    outcome = command("report", "history", "--from", "2026-11-23T00:00:00+02:00", "--json", home=home)
    assert outcome.code == 0
    assert outcome.answer["rows"]


def test_an_account_is_added_listed_and_removed_and_its_data_stays(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert command("accounts", "add", "beta", "--label", 'Bêta "quoted" [x]', "--cell-id", 9, home=home).code == 0
    path = lines(tmp_path / "events.ndjson", [event("kept")])
    command("ingest", "--account", "beta", path, home=home)
    (listed,) = command("accounts", "list", "--json", home=home).answer["accounts"]
    assert (listed["name"], listed["label"], listed["cell_id"]) == ("beta", 'Bêta "quoted" [x]', 9)
    assert command("accounts", "list", home=home).code == 0
    assert command("accounts", "remove", "beta", "--json", home=home).code == 0
    assert command("accounts", "list", "--json", home=home).answer == {"accounts": []}
    assert len(CommandLine(home).store("beta", "from event")) == 1
    assert len(CommandLine(home).store("control", "from event")) == 1, "a last archive run went before"
