"""What the command `demo` tells people at its end; what it does before has tests of its own."""

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.command_line import CommandLine
from exchange.test_report_page import numbers

from deployments.command_line import demonstration


@contextmanager
def no_server(home: Path) -> Iterator[Callable[[], float]]:
    assert home.is_dir()
    yield lambda: 0.0


async def nothing(**options: int) -> None:
    assert options == {"events": 200, "seed": 7}


def test_people_are_told_what_became_of_it_and_last_where_the_page_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demonstration, "_server", no_server)
    monkeypatch.setattr("flows.demo.demo", nothing)
    monkeypatch.setattr("tasks.demo_results.demo_numbers", lambda *_, **__: numbers())
    monkeypatch.setattr(atexit, "register", lambda _: None)  # it would silence this process at its end

    outcome = CommandLine(tmp_path / "home").run("demo", "--events", 200)

    assert outcome.code == 0
    for line in ("Event not taken into account", "Conservation holds", "equal on both sides", "MESSAGE_CENTER_HOME="):
        assert line in outcome.out
    assert outcome.out.splitlines()[-1] == str(tmp_path / "home" / "demo" / "report.html")
    assert outcome.err == ""
