"""Commands at once, and commands killed in the middle: doing them again leaves what one quiet run would have."""

import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from cli.command_line import NOW, TEMPLATE, CommandLine, event, lines

ACCOUNT = ("--account", "alpha")


def ready(tmp_path: Path, *, events: int) -> tuple[CommandLine, list[Path]]:
    """An account with a template, and files of which each shares half of its events with the next one."""
    line = CommandLine(tmp_path / "home")
    line.json("accounts", "add", "alpha")
    line.json("templates", "publish", lines(tmp_path / "templates.ndjson", [TEMPLATE]))
    starts = range(0, 3 * events, events)
    return line, [
        lines(tmp_path / f"from-{start}.ndjson", [event(f"e{start + n}") for n in range(2 * events)])
        for start in starts
    ]


def test_two_of_each_command_at_once_do_what_one_would(tmp_path: Path) -> None:
    line, (first, second, third) = ready(tmp_path, events=2_000)
    answers = together(line, [("ingest", *ACCOUNT, first, second), ("ingest", *ACCOUNT, third, second)])
    assert sum(answer["rows"] for answer in answers) == 12_000
    assert sum(answer["accepted"] for answer in answers) == 8_000
    process = ("process", *ACCOUNT, "--queue", "batch", "--now", NOW)
    answers = together(line, [process, process])
    assert sum(answer["pending_delivery"] for answer in answers) == 8_000
    answers = together(line, [("archive", *ACCOUNT), ("archive", *ACCOUNT)])
    assert sum(answer["upserted"]["event"] for answer in answers) == 8_000
    told = line.store("alpha", "select count(*) n, count(distinct event_key) k, count(distinct event_id) i from event")
    assert told == [{"n": 8_000, "k": 8_000, "i": 8_000}]


def together(line: CommandLine, commands: list[tuple[object, ...]]) -> list[dict[str, int]]:
    processes = [line.start(*command, "--json") for command in commands]
    outcomes = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), outcomes
    return [json.loads(out) for out, _ in outcomes]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_what_was_killed_and_done_again_is_as_if_done_once(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    line, paths = ready(tmp_path, events=20_000)
    kinds = ("queued", "accepted", "delivered", "opened", "bounced", "suppressed")
    logs = [
        {"event_id": str(rng.randint(1, 85_000)), "kind": rng.choice(kinds), "logged_at": NOW, "source_id": str(n)}
        for n in range(60_000)
    ]
    told = lines(tmp_path / "logs.ndjson", logs)
    stages: tuple[tuple[object, ...], ...] = (
        ("ingest", *ACCOUNT, *paths),
        ("process", *ACCOUNT, "--queue", "batch", "--now", NOW),
        ("logs", *ACCOUNT, told),
        ("update-status", *ACCOUNT, "--now", NOW),
        ("archive", *ACCOUNT, "--now", NOW),
    )
    for stage in stages:
        for _ in range(3):
            kill(line, stage, after=rng.uniform(1, 5))
        line.json(*stage)
    parked = sum(int(row["event_id"]) > 80_000 for row in logs)
    assert line.json(*stages[3])["parked"] == parked
    assert line.store("alpha", "select count(*) n, count(distinct event_key) k from event") == [
        {"n": 80_000, "k": 80_000}
    ]
    assert line.store("alpha", "select count(*) n from delivery_log") == [{"n": 60_000}]
    assert line.json("archive", *ACCOUNT)["proof"] == "equal"
    ours, archived = (
        line.store(store, "select event_id, status from event order by 1") for store in ("alpha", "control")
    )
    assert ours == archived
    best = {"queued": 0, "accepted": 0, "delivered": 1, "opened": 1, "suppressed": 2, "bounced": 3}
    ranks: dict[int, int] = {}
    for row in logs:
        event_id = int(row["event_id"])
        ranks[event_id] = max(ranks.get(event_id, 0), best[row["kind"]])
    names = ("pending_delivery", "sent", "ignored", "delivery_failed")
    assert [row["status"] for row in ours] == [names[ranks.get(row["event_id"], 0)] for row in ours]


def kill(line: CommandLine, command: tuple[object, ...], *, after: float) -> None:
    process = line.start(*command)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
