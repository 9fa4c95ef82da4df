"""A life in a home that is full, or read-only, before every step of it.

python in_a_small_home.py CONDITION HOME

The conditions are `full`, `fuller and fuller`, `read-only` and `not-ours`. But for the last they want a mount namespace
of their own (`unshare --map-root-user --mount`): HOME becomes a small file system there. Every step is tried under the
condition first; then the condition is lifted, and the step has to work.
Prints one JSON object: what the steps said, and what became of the events.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from deployments.command_line.app import main

EVENTS = 400
SIZE = 40 * 2**20
ROOMS = {"full": (0, 2**20), "fuller and fuller": (0, 2**14, 2**17, 2**18, 2**19, 2**20, 2**21, 2**22)}
"""How many bytes are left at each try of a step, until it works."""


def command(*arguments: object) -> tuple[int, str, str]:
    """Runs a command in this process; its exit code and what it printed."""
    sys.argv = ["message-center", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    return int(code), out.getvalue(), " ".join(err.getvalue().split())


def mount(home: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(home)], check=True)  # noqa: S607


@contextmanager
def full(home: Path, room: int) -> Iterator[None]:
    """Leaves so many bytes on the disk."""
    ballast = home / "ballast"
    with ballast.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(2**16))
            file.flush()
    size = ballast.stat().st_size
    os.truncate(ballast, max(0, size - room))
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(home: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)  # noqa: S607
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(home)], check=True)  # noqa: S607


@contextmanager
def not_ours(home: Path) -> Iterator[None]:
    """A home that this user may look at, and no more."""
    folders = [home, *(path for path in home.rglob("*") if path.is_dir())]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if os.geteuid() == 65534:
            os.seteuid(0)
        for folder, mode in modes.items():
            folder.chmod(mode)


def conditions(name: str, home: Path) -> Iterator[Callable[[], contextlib.AbstractContextManager[None]]]:
    """The conditions to try a step under, until it works."""
    if name in ROOMS:
        for room in ROOMS[name]:
            yield lambda room=room: full(home, room)  # type: ignore[misc]
    else:
        yield lambda: {"read-only": read_only, "not-ours": not_ours}[name](home)


def steps(home: Path) -> list[tuple[object, ...]]:
    """A life, one command after the other."""
    away = home.with_name("given")
    of = ("--account", "alpha")
    return [
        ("accounts", "add", "alpha"),
        ("templates", "publish", away / "templates.ndjson"),
        ("ingest", *of, away / "events.ndjson"),
        ("process", *of, "--queue", "batch"),
        ("deliver", *of),
        ("logs", *of, away / "logs.ndjson"),
        ("update-status", *of),
        ("archive", *of),
        ("backup", *of),
    ]


def given(home: Path) -> None:
    """The files that the life is made of, outside of the home."""
    away = home.with_name("given")
    away.mkdir()
    template = {
        "template_id": "hello",
        "event_type": "greeting",
        "channel": "email",
        "body_text": "Dear {{ ctx.text }}",
    }
    (away / "templates.ndjson").write_text(json.dumps({**template, "published_at": "2026-01-01T00:00:00Z"}))
    ctx = {"text": "".join(chr(97 + number * 7 % 26) for number in range(900))}
    events = ({"id": f"e{n}", "type": "greeting", "email": f"a{n}@b.example", "ctx": ctx} for n in range(EVENTS))
    (away / "events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))
    log = {"kind": "delivered", "logged_at": "2026-11-23T12:00:05Z", "source_id": "p"}
    first = 2**56 * 0 + 1
    logs = ({**log, "event_id": str(first + number)} for number in range(EVENTS))
    (away / "logs.ndjson").write_text("".join(json.dumps(row) + "\n" for row in logs))


def live(name: str, home: Path) -> dict[str, Any]:
    failures: list[dict[str, Any]] = []
    minute = 0
    for step in steps(home):
        works_anyway = False
        for condition in conditions(name, home):
            minute += 90
            timed = _timed(step, minute)
            with condition():
                code, out, err = command(*timed)
            works_anyway = code == 0 and '"deferred": 0' in (out if step[0] == "deliver" else '"deferred": 0')
            if works_anyway:
                break
            if code:
                failures.append({"step": step[0], "code": code, "err": err})
        if not works_anyway or step[0] in {"ingest", "archive"}:
            minute += 90
            code, _, err = command(*_timed(step, minute))
            if code:
                return {"failures": failures, "stopped": [step[0], err]}
    return {"failures": failures, "stopped": None, **_end(home)}


def _timed(step: tuple[object, ...], minute: int) -> tuple[object, ...]:
    """With the clock of the run, which moves on: a deferred hand-over has its next try later."""
    clock = f"2026-11-{23 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
    takes_clock = step[0] in {"ingest", "process", "deliver", "logs", "update-status", "archive"}
    return (*step, "--json", *(("--now", clock) if takes_clock else ()))


def _end(home: Path) -> dict[str, Any]:
    with duckdb.connect(str(home / "store" / "alpha.duckdb"), read_only=True) as connection:
        statuses = connection.execute("select status, count(*) from event group by all order by all").fetchall()
        batches = connection.execute("select outcome, count(*) from hand_over group by all order by all").fetchall()
    with duckdb.connect(str(home / "store" / "control.duckdb"), read_only=True) as connection:
        archived = connection.execute("select count(*), count(distinct event_id) from event").fetchone()
        unequal = connection.execute("select count(*) from archive_proof where equal is distinct from true").fetchone()
    sent = "select count(*), count(distinct event_id) from read_parquet($1)"
    handed_over = duckdb.connect().execute(sent, [str(home / "outbox" / "alpha" / "*.parquet")]).fetchone()
    doctor = json.loads(command("doctor", "--json", "--now", "2026-11-24T00:00:00Z")[1])
    return {
        "statuses": dict(statuses), "outcomes": dict(batches), "archived": archived, "unequal": unequal,
        "handed_over": handed_over, "doctor": [one for one in doctor["findings"] if one["severity"] == "error"],
        "leftovers": sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.suffix == ".part"),
    }  # fmt: skip


if __name__ == "__main__":
    condition_name, home_path = sys.argv[1], Path(sys.argv[2])
    home_path.mkdir(parents=True, exist_ok=True)
    if condition_name != "not-ours":
        mount(home_path)
    given(home_path)
    if condition_name == "not-ours":
        # Another user cannot read this one's interpreter: everything is imported before.
        os.environ["MESSAGE_CENTER_HOME"] = str(home_path.with_name("warm"))
        for warm_step in steps(home_path):
            command(*_timed(warm_step, 0))
    os.environ["MESSAGE_CENTER_HOME"] = str(home_path)
    json.dump(live(condition_name, home_path), sys.stdout)
