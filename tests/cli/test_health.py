"""`message-center health`, as a person and a load balancer have it."""

import subprocess
import sys
from pathlib import Path

import pytest
from cli.command_line import NOW, CommandLine, event, lines, strict

ROSTER = """
[[account]]
name = "alpha"
cell_id = 1

[account.thresholds]
queued = { warning = 2, alert = 4 }
max_queued = false

[[account]]
name = "beta"
cell_id = 2
"""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Two accounts; in one three events wait in the batch queue, which is a warning there."""
    folder = tmp_path_factory.mktemp("health")
    line = CommandLine(folder / "home")
    line.home.mkdir()
    (line.home / "accounts.toml").write_text(ROSTER)
    bring(line, "first", 3)
    return line


def bring(line: CommandLine, name: str, count: int) -> None:
    path = lines(line.home.parent / f"{name}.ndjson", [event(f"{name}-{number}") for number in range(count)])
    line.json("ingest", "--account", "alpha", "--queue", "batch", "--now", NOW, path)


def test_a_load_balancer_gets_one_object_and_zero_at_a_warning(line: CommandLine) -> None:
    outcome = line.run("health", "--queue", "batch", "--now", NOW, "--json")
    answer = strict(outcome.out)
    assert outcome.code == 0
    assert (answer["status"], answer["queued"], answer["max"], answer["queue"]) == ("warning", 3, 4, "batch")
    alpha, beta = answer["accounts"]
    assert (alpha["account"], alpha["status"], alpha["state"], alpha["queued_rt"]) == ("alpha", "warning", "read", 0)
    assert (beta["account"], beta["status"], beta["state"]) == ("beta", "ok", "missing")
    indicators = {row["indicator"]: row for row in alpha["indicators"]}
    assert indicators["queued"] == {
        "indicator": "queued", "value": 3, "warning": 2, "alert": 4, "direction": "higher", "status": "warning",
        "judged": True,
    }  # fmt: skip
    assert indicators["outgoing_per_hour"]["direction"] == "lower"
    assert (indicators["max_queued"]["alert"], indicators["max_queued"]["direction"]) == (None, None)


def test_a_person_gets_a_table(line: CommandLine) -> None:
    outcome = line.run("health", "--account", "alpha", "--queue", "batch", "--window", 30, "--now", NOW)
    assert outcome.code == 0
    assert "Queue batch, last 30 min: warning" in outcome.out
    for told in ("average queue seconds", "too few to judge", "not measured", "off"):
        assert told in outcome.out
    assert "beta: missing:" in line.run("health", "--account", "beta").err


def test_the_other_queue_is_ok(line: CommandLine) -> None:
    answer = line.json("health", "--account", "alpha", "--now", NOW)
    assert (answer["status"], answer["queued"], answer["accounts"][0]["queued_batch"]) == ("ok", 0, 3)


def test_a_full_queue_ends_with_one_until_it_is_not_asked_about(line: CommandLine) -> None:
    late = "2026-11-23T14:00:00Z"
    asked = ("health", "--queue", "batch", "--now", late, "--json")
    alerted = line.run(*asked)  # the oldest has waited for two hours
    assert (alerted.code, alerted.answer["status"]) == (1, "alert")
    pinged = line.run(*asked, "--ping")
    assert (pinged.code, pinged.answer["status"]) == (0, "warning")
    bring(line, "second", 1)
    full = line.run(*asked, "--ping")
    assert (full.code, full.answer["queued"], full.answer["max"]) == (1, 4, 4)
    assert line.run("health", "--now", late).code == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ("--account", "nobody"),
        ("--queue", "mail"),
        ("--window", "0"),
        ("--wait", "-1"),
        ("--now", "noon"),
        ("--bogus",),
    ],
)
def test_a_wrong_call_ends_with_two(line: CommandLine, wrong: tuple[str, ...]) -> None:
    assert line.run("health", *wrong).code == 2


def test_thresholds_in_the_wrong_order_are_told(tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(ROSTER.replace("alert = 4", "alert = 1"))
    outcome = CommandLine(tmp_path).run("health", "--json")
    assert outcome.code == 1
    assert "the alert 1 comes before the warning" in outcome.answer["error"]


def test_it_starts_without_prefect(line: CommandLine) -> None:
    program = (
        "import sys\nfrom deployments.command_line.app import main\n"
        "try:\n    main()\n"
        "finally:\n    print([name for name in sys.modules if name.split('.')[0] == 'prefect'], file=sys.stderr)\n"
    )
    asked = [sys.executable, "-c", program, "health", "--queue", "batch", "--now", NOW, "--ping", "--json"]
    ended = subprocess.run(
        asked, env=line.environment(), capture_output=True, text=True, check=False, timeout=120,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert strict(ended.stdout)["accounts"][0]["state"] == "read"
    assert ended.stderr.strip().endswith("[]")
