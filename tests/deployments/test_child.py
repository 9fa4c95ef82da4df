"""A process that is kept alive: started once for a home, stopped with all that it started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments import child as children
from deployments.child import Child

WITH_A_CHILD = """
import subprocess, time
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""
HEEDS_NOTHING = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
ENDS = "raise SystemExit(3)"


def child(folder: Path, code: str) -> Child:
    return Child("worker", [sys.executable, "-c", code], dict(os.environ), folder)


def until(holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def is_running(process: int) -> bool:
    asked = ["ps", "-o", "stat=", "-p", str(process)]
    state = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_a_home_has_one_and_another_command_finds_it(tmp_path: Path) -> None:
    first, second = child(tmp_path, WITH_A_CHILD), child(tmp_path, WITH_A_CHILD)
    assert not second.is_alive()
    assert first.start()
    assert (second.is_alive(), second.start(), second.is_ours) == (True, False, False)
    until(lambda: first.log.read_text().strip())
    grandchild = int(first.log.read_text())
    first.kill()
    until(lambda: not is_running(grandchild))
    assert not second.is_alive()


def test_what_does_not_heed_an_interrupt_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STOP_SECONDS", 0.2)
    one = child(tmp_path, HEEDS_NOTHING)
    one.start()
    until(lambda: one.log.read_text().strip())
    one.stop()
    assert one.ended() is None
    one.kill()
    assert one.ended() == -signal.SIGKILL


def test_an_end_is_told_once_it_may_start_again_and_its_last_words_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(children.time, "sleep", pauses.append)
    one = child(tmp_path, ENDS)
    assert one.wait_after_end() is None
    for _ in range(3):
        one.start()
        assert one._process  # noqa: SLF001
        one._process.wait()  # noqa: SLF001
        assert one.wait_after_end() == 3
    assert pauses == [2, 4, 8]
    assert (tmp_path / "worker.log.1").exists()
