"""The command line as a user has it: a home, and commands in this process or apart, which costs seconds each."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from deployments.command_line.app import main

PROGRAM = Path(sys.executable).with_name("message-center")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer


@dataclass(frozen=True)
class CommandLine:
    home: Path

    def environment(self) -> dict[str, str]:
        ours = ("PREFECT_", "MESSAGE_CENTER_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**kept, "MESSAGE_CENTER_HOME": str(self.home), "COLUMNS": "200", "NO_COLOR": "1"}

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        command = [str(PROGRAM), *map(str, arguments)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.home.parent,
            env={**self.environment(), **environment},
        )  # fmt: skip

    def run_apart(self, *arguments: object) -> Outcome:
        """A command in a process of its own."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=300)
        return Outcome(process.returncode, out, err)

    def run(self, *arguments: object) -> Outcome:
        """A command in this process, just as its entry point runs it."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name in os.environ.keys() - self.environment().keys():
                patch.delenv(name)
            for name, value in self.environment().items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", [str(PROGRAM), *map(str, arguments)])
            try:
                main()
                code: object = 0
            except SystemExit as ended:
                code = ended.code
        return Outcome(code if isinstance(code, int) else 0, *map(_text, (out, err)))

    def json(self, *arguments: object) -> dict[str, Any]:
        """The answer of a command that must succeed."""
        outcome = self.run(*arguments, "--json")
        assert outcome.code == 0, f"{arguments}: exit code {outcome.code}\n{outcome.err[-3000:]}"
        return outcome.answer

    def store(self, name: str, sql: str) -> list[dict[str, Any]]:
        """Rows of a store, read with plain DuckDB: between commands nobody holds it."""
        with duckdb.connect(str(self.home / "store" / f"{name}.duckdb"), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            rows = connection.sql(sql)
            return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def _text(written: io.TextIOWrapper) -> str:
    written.seek(0)
    return written.read()


NOW = "2026-11-23T12:00:00Z"
CELL = 127
TEMPLATE = {
    "template_id": "hello", "event_type": "greeting", "channel": "email", "subject": "Hello", "body_text": "Dear you",
    "published_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
Command = Callable[..., Outcome]


def lines(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def event(name: str, **fields: object) -> dict[str, Any]:
    return {"id": name, "type": "greeting", "email": "ada@example.com", **fields}


def strict(text: str) -> Any:
    """JSON as the standard has it: Python's own reader would take NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)
