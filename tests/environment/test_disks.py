"""A disk that is full, a home that is read-only or another user's: a clear error, nothing lost, then it works."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.settings import PROJECT

PROGRAM = Path(__file__).with_name("in_a_small_home.py")
NAMESPACE = ("unshare", "--map-root-user", "--mount")
NO_NAMESPACE = "this machine lets nobody make a mount namespace (unshare --map-root-user --mount)"
STEPS = {"accounts", "templates", "ingest", "process", "deliver", "logs", "update-status", "archive", "backup"}


def may_mount() -> bool:
    try:
        tried = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def life(condition: str, folder: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MESSAGE_"))}
    within = () if condition == "not-ours" else NAMESPACE
    done = subprocess.run(
        [*within, sys.executable, str(PROGRAM), condition, str(folder / "home")],
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert isinstance(told, dict)
    return told


def check(told: dict[str, Any], says: str, do: str) -> None:
    assert told["stopped"] is None
    assert {one["step"] for one in told["failures"]} == STEPS
    for one in told["failures"]:
        assert one["code"] == 1, one
        assert says in one["err"], one
        assert do in one["err"], one
        assert "home" in one["err"], one
        assert "Traceback" not in one["err"], one
    assert told["statuses"] == {"sent": 400}
    assert told["outcomes"] == {"taken": 400}
    assert told["handed_over"] == told["archived"] == [400, 400]
    assert told["unequal"] == [0]
    assert all(one["what"].endswith("MiB") for one in told["doctor"])  # the disk is small
    assert told["leftovers"] == []


@pytest.mark.skipif(not may_mount(), reason=NO_NAMESPACE)
@pytest.mark.parametrize("condition", ["full", pytest.param("fuller and fuller", marks=pytest.mark.long)])
def test_on_a_full_disk_every_step_says_so_and_works_when_there_is_room(folder: Path, condition: str) -> None:
    check(life(condition, folder), "No space left on device", "make room")


@pytest.mark.skipif(not may_mount(), reason=NO_NAMESPACE)
def test_in_a_read_only_home_every_step_says_so_and_works_when_it_is_writable(folder: Path) -> None:
    check(life("read-only", folder), "Read-only file system", "mount it for writing")


@pytest.mark.long
def test_in_a_home_of_another_user_every_step_says_so_and_works_for_its_owner(folder: Path) -> None:
    check(life("not-ours", folder), "Permission denied", "run as its owner")
