"""Benches with a mail server each."""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from crashes.bench import Bench

from tasks.exchange.demonstration.receiving_server import ReceivingServer

UP_TO_THE_ARCHIVE = 18


@contextmanager
def a_bench(folder: Path, upto: int | None = None) -> Iterator[Bench]:
    folder.mkdir()
    with ReceivingServer(folder / "taken.ndjson") as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        bench = Bench(folder, server, closed.getsockname()[1])
        bench.live_undisturbed(upto)
        yield bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The life up to its second archive run, undisturbed."""
    with a_bench(tmp_path_factory.mktemp("crashes") / "bench", UP_TO_THE_ARCHIVE) as one:
        yield one


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Bench]]:
    """As many as there are processors, each with the whole life undisturbed."""
    count = min(os.cpu_count() or 1, 4)
    folder = tmp_path_factory.mktemp("crashes")
    with ExitStack() as stack, ThreadPoolExecutor(count) as threads:
        made = [threads.submit(stack.enter_context, a_bench(folder / f"bench-{number}")) for number in range(count)]
        yield [one.result() for one in made]
