"""Looking at a store's file: what it says of its own numbers, and who has it open."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.store.check_stores import see_store
from tasks.store.connection import StoreFile, writing
from tasks.store.lock import StoreBusyError
from tasks.store.store_facts import looking_in_turn

DIES = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("set checkpoint_threshold = '1TB'")
connection.execute("create table numbered as select nextval('change_seq') from range(3)")
os._exit(0)
"""
HOLDS = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


def last_change_seq(store: StoreFile) -> int:
    with looking_in_turn(store, purpose="a test") as session:
        return int(session.value("store_facts/last_change_seq"))


def test_the_last_change_number_is_the_one_given_out_last(store: StoreFile) -> None:
    with writing(store, purpose="making it"):
        pass
    assert last_change_seq(store) == 0
    for expected in (1, 2):
        with writing(store, purpose="taking a number") as session:
            session.connection.execute("select nextval('change_seq')")
        assert last_change_seq(store) == expected


def test_it_is_so_after_a_crash_too(store: StoreFile) -> None:
    with writing(store, purpose="taking two numbers") as session:
        session.connection.execute("select nextval('change_seq') from range(2)")
    subprocess.run([sys.executable, "-c", DIES, store.path], check=True)
    assert Path(f"{store.path}.wal").exists()
    assert last_change_seq(store) == 5


@pytest.fixture
def held(store: StoreFile) -> Iterator[StoreFile]:
    """A store that another process has open without asking for its lock."""
    with writing(store, purpose="making it"):
        pass
    command = [sys.executable, "-c", HOLDS, store.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        yield store
        process.stdin.close()


def test_a_store_that_somebody_has_open_past_its_lock_is_busy_and_not_damaged(held: StoreFile) -> None:
    with pytest.raises(StoreBusyError, match="is open elsewhere"):
        see_store(held)
