"""A store that is damaged, foreign or newer; two demonstrations at once."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from cli.command_line import NOW, TEMPLATE, Command, event, lines

from tasks.demo_home import fresh_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """In the place of the home that all tests of commands share."""
    return tmp_path / "home"


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 300_000)


def foreign(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(50_000))


def newer(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into schema_migration values ('9999_flying_cars', now())")


SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut": (cut, "message-center restore"),
    "foreign": (foreign, "message-center restore"),
    "newer": (newer, "pgrade"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
@pytest.mark.parametrize("which", ["alpha", "control"])
def test_a_store_that_cannot_be_used_stops_each_command_and_stays_as_it_is(
    home: Path, tmp_path: Path, command: Command, which: str, spoilt: str
) -> None:
    of = ("--account", "alpha", "--now", NOW)
    assert command("accounts", "add", "alpha").code == 0
    command("templates", "publish", lines(tmp_path / "hello.ndjson", [TEMPLATE]))
    command("ingest", *of, lines(tmp_path / "first.ndjson", [event("first")]))
    command("archive", *of)
    path = home / "store" / f"{which}.duckdb"
    good = path.read_bytes()
    spoil, do = SPOILT[spoilt]
    spoil(path)
    bad = path.read_bytes()
    second = lines(tmp_path / "second.ndjson", [event("second")])
    commands: list[tuple[object, ...]] = [("archive", *of)]
    if which == "alpha":
        commands += [("ingest", *of, second), ("process", *of, "--queue", "rt"), ("deliver", *of)]
        commands += [("update-status", *of), ("event", 1), ("backup", "--account", "alpha")]
    for arguments in commands:
        said = command(*arguments)
        told = " ".join(said.err.split())
        assert said.code == 1, (arguments, told)
        assert do in told, (arguments, told)
        assert f"{which}.duckdb" in "".join(told.split()) or which in told
    assert path.read_bytes() == bad
    path.write_bytes(good)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    for arguments in commands:
        assert command(*arguments).code == 0, arguments


def test_a_second_demonstration_says_so_and_leaves_the_first_alone(
    home: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(home))
    with fresh_home(home / "demo") as demo:
        (demo / "result").write_text("of the first")
        second = command("demo", "--events", 10, "--json")
        assert (demo / "result").read_text() == "of the first"
    assert second.code == 1
    told = " ".join(second.err.split())
    assert "demo was not free" in told
    assert f"process {os.getpid()} has held it for a demonstration" in told
