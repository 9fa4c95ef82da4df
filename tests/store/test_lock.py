"""The lock of a store: in the order of arrival, with a limit, and never left behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tasks.store.lock import StoreBusyError, lock
from tasks.store.lock_holder import FLOW_RUN

LIMIT = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alpha.lock"


def taken(path: Path, *, exclusive: bool, wait_seconds: float = LIMIT) -> AbstractContextManager[None]:
    return lock(path, exclusive=exclusive, wait_seconds=wait_seconds, purpose="testing")


def queued() -> int:
    return sum(thread.name == "waiting for a lock" for thread in threading.enumerate())


@contextmanager
def until(condition: Callable[[], bool]) -> Iterator[None]:
    yield
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize("kinds", ["wwwwww", "rwrwrw", "wrrrrw"])
def test_who_comes_first_is_served_first(path: Path, kinds: str) -> None:
    served: list[int] = []

    def come(number: int, kind: str) -> None:
        with taken(path, exclusive=kind == "w"):
            served.append(number)
            time.sleep(0.01)

    threads = [threading.Thread(target=come, args=each) for each in enumerate(kinds)]
    with taken(path, exclusive=True):
        for number, thread in enumerate(threads, start=1):
            with until(lambda number=number: queued() == number):
                thread.start()
            time.sleep(0.02)  # from the thread's start into the kernel's queue
        assert served == []
    for thread in threads:
        thread.join(LIMIT)
    writers = [number for number in served if kinds[number] == "w"]
    assert writers == sorted(writers)
    assert all(served.index(number) > served.index(writer) for writer in writers for number in range(writer + 1, 6))


def test_readers_that_never_let_go_of_it_all_at_once_do_not_keep_a_writer_out(path: Path) -> None:
    stop = threading.Event()
    readings = 0

    def read_on() -> None:
        nonlocal readings
        while not stop.is_set():
            with taken(path, exclusive=False):
                readings += 1
                time.sleep(0.02)

    readers = [threading.Thread(target=read_on) for _ in range(4)]
    for reader in readers:
        reader.start()
        time.sleep(0.007)
    try:
        for _ in range(20):
            with taken(path, exclusive=True):
                pass
    finally:
        stop.set()
    for reader in readers:
        reader.join(LIMIT)
    assert readings >= 4


def test_readers_share_it(path: Path) -> None:
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(taken(path, exclusive=False, wait_seconds=0))


def test_who_gave_up_waiting_does_not_take_it_later(path: Path) -> None:
    with taken(path, exclusive=True):
        for exclusive in (True, False):
            with pytest.raises(StoreBusyError), taken(path, exclusive=exclusive, wait_seconds=0.05):
                pass
    with until(lambda: queued() == 0):
        pass
    with taken(path, exclusive=True, wait_seconds=0):
        pass


def test_who_waits_in_vain_is_told_who_writes_for_which_run_and_since_when(path: Path) -> None:
    token = FLOW_RUN.set("archive-events/alpha")
    try:
        with (
            taken(path, exclusive=True),
            pytest.raises(
                StoreBusyError,
                match=rf"process {os.getpid()} \(flow run archive-events/alpha\) has held it for testing since 20",
            ),
            taken(path, exclusive=True, wait_seconds=0.05),
        ):
            pass
    finally:
        FLOW_RUN.reset(token)


def test_who_waits_in_vain_is_told_who_reads(path: Path) -> None:
    program = (
        "import sys, pathlib; from tasks.store.lock import lock\n"
        "with lock(pathlib.Path(sys.argv[1]), exclusive=False, wait_seconds=1, purpose='reading'):\n"
        "    print('there', flush=True); sys.stdin.read()"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert reader.stdout
    assert reader.stdout.readline() == b"there\n"
    path.write_text('{"pid": 4194304, "flow_run": null, "purpose": "a crash", "since": "2026"}')  # nobody's signature
    with (
        pytest.raises(StoreBusyError, match=rf"processes reading it: {reader.pid}\."),
        taken(path, exclusive=True, wait_seconds=0.05),
    ):
        pass
    reader.communicate(timeout=LIMIT)
    with taken(path, exclusive=True, wait_seconds=0):
        pass
