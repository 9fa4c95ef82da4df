"""A home with a life in it, and commands that are run there."""

import json
from pathlib import Path

import pytest
from cli.command_line import CELL, NOW, TEMPLATE, Command, CommandLine, Outcome, lines

EVENTS = (
    {"id": "plain", "type": "greeting", "email": "ada@example.com", "ctx": {"amount": 9_007_199_254_740_993}},
    {"id": "[/bold] \x1b[31m\x00'; drop table event; --", "type": "[/red]", "email": "ada@example.com"},
    {"id": "endless", "type": "greeting", "email": "ada@example.com", "ctx": {"amount": "WIDE"}},
    {"id": "deep", "type": "greeting", "email": "ada@example.com", "ctx": {"a": "DEEP"}},
)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an account whose ids are beyond doubles, events of every temper, archived and published."""
    folder = tmp_path_factory.mktemp("command-line")
    line = CommandLine(folder / "home")
    line.json("accounts", "add", "alpha", "--cell-id", CELL)
    lines(folder / "hello.ndjson", [TEMPLATE])
    line.json("templates", "publish", folder / "hello.ndjson")
    text = "".join(json.dumps(event) + "\n" for event in EVENTS)
    text = text.replace('"WIDE"', "1e999").replace('"DEEP"', '{"a":' * 400 + "1" + "}" * 400)
    (folder / "events.ndjson").write_text(text)
    line.json("ingest", "--account", "alpha", "--now", NOW, folder / "events.ndjson")
    line.json("process", "--account", "alpha", "--queue", "batch", "--now", NOW)
    line.json("archive", "--account", "alpha", "--now", NOW)
    return line.home


@pytest.fixture
def command(home: Path) -> Command:
    """Runs a command in the home with a life in it, or in another one."""

    def run(*arguments: object, home: Path = home) -> Outcome:
        return CommandLine(home).run(*arguments)

    return run
