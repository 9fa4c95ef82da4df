"""`backup`, `restore` and `doctor` as an operator has them."""

from pathlib import Path

import pytest
from cli.command_line import NOW, Command, CommandLine, event, lines


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """In the place of the home that all tests of commands share."""
    return tmp_path / "home"


@pytest.fixture
def line(home: Path, command: Command) -> CommandLine:
    assert command("accounts", "add", "alpha").code == 0
    return CommandLine(home)


def test_what_was_backed_up_comes_back_and_files_that_came_later_are_named(
    line: CommandLine, command: Command, tmp_path: Path
) -> None:
    inbox = line.home / "inbox" / "alpha" / "batch"
    lines(inbox / "first.ndjson", [event("first")])
    command("ingest", "--account", "alpha", "--now", NOW, inbox / "first.ndjson")
    backup = command("backup", "--account", "alpha", "--to", tmp_path / "safe", "--json").answer
    lines(inbox / "second.ndjson", [event("second")])
    command("ingest", "--account", "alpha", "--now", NOW, inbox / "second.ndjson")
    restored = command("restore", "--account", "alpha", backup["path"], "--json")
    assert restored.code == 0, restored.err
    assert restored.answer["files"] == [str(inbox / "done" / "second.ndjson")]
    assert "second.ndjson" in restored.err
    assert Path(restored.answer["kept"]).is_file()
    assert [row["event_key"] for row in line.store("alpha", "select event_key from event")] == ["first"]


@pytest.mark.usefixtures("line")
def test_the_control_store_is_backed_up_under_its_name(command: Command) -> None:
    command("archive", "--account", "alpha", "--now", NOW)
    backup = command("backup", "--account", "control", "--json").answer
    restored = command("restore", "--account", "control", backup["path"])
    assert restored.code == 0, restored.err
    assert "archive --account NAME" in " ".join(restored.err.split())
    assert command("archive", "--account", "alpha", "--json", "--now", NOW).answer["proof"] == "equal"


@pytest.mark.usefixtures("line")
def test_a_folder_that_is_no_backup_is_refused(command: Command, tmp_path: Path) -> None:
    refused = command("restore", "--account", "alpha", tmp_path)
    assert refused.code == 1
    assert "is no backup" in " ".join(refused.err.split())


def test_the_doctor_ends_with_1_where_somebody_has_to_do_something(line: CommandLine, command: Command) -> None:
    command("archive", "--account", "alpha", "--now", NOW)
    well = command("doctor", "--json", "--now", NOW)
    assert (well.code, well.answer["well"]) == (0, True)
    (line.home / "store" / "alpha.duckdb").write_bytes(b"no store")
    ill = command("doctor", "--json", "--now", NOW)
    assert (ill.code, ill.answer["well"]) == (1, False)
    assert ill.answer["findings"][0]["do"] == "message-center restore --account alpha BACKUP"
    shown = command("doctor", "--account", "alpha", "--now", NOW)
    assert shown.code == 1
    assert shown.out.startswith("error")
    assert "message-center restore --account alpha BACKUP" in shown.out
