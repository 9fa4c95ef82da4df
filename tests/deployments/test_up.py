"""`message-center up` as its user has it: files dropped, the power cut in the middle, nothing else done."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from servers import free_port

from flows.publish_templates import publish_templates
from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account
from tasks.settings import PROJECT
from tasks.store.connection import StoreFile, reading

PROCESSES = Path("/proc")
SECONDS = 420
EVENT = {
    "type": "invoice_ready",
    "email": "ines@example.pt",
    "language": "en",
    "ctx": {
        "customer": {"first_name": "Ines"},
        "invoice": {"number": "1", "total": "230.00", "currency": "EUR", "due": "2026-12-07"},
    },
}

pytestmark = pytest.mark.skipif(not PROCESSES.is_dir(), reason="the test finds processes in /proc")


class Machine:
    """A home, and all processes that work for it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = {**others, "MESSAGE_CENTER_HOME": str(home)}

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "deployments.command_line.app", "up", "--port", str(self.port), "--json"]
        with subprocess.Popen(
            command, env=self.environment, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                yield process
            finally:
                self.cut_power()

    def run(self, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "deployments.command_line.app", *arguments, "--json"]
        done = subprocess.run(
            command, env=self.environment, cwd=PROJECT, text=True, capture_output=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def drop(self, account: str, inbox: str, name: str, *rows: dict[str, Any]) -> None:
        folder = self.home / "inbox" / account / inbox
        (folder / f"{name}.part").write_text("\n".join(map(json.dumps, rows)))
        (folder / f"{name}.part").rename(folder / f"{name}.ndjson")

    def handed_over(self, account: str) -> list[tuple[int, str]]:
        """Event ids and keys of all messages that were handed over."""
        store = self.home / "store" / f"{account}.duckdb"
        if not store.exists():
            return []
        asked = (
            "select event_id, event_key from event join delivery_batch using (delivery_id) where state = 'confirmed'"
        )
        with reading(StoreFile(store, "account")) as session:
            return session.connection.sql(f"{asked} order by event_key").fetchall()

    def processes(self) -> dict[int, str]:
        mine = f"MESSAGE_CENTER_HOME={self.home}".encode()
        found = {}
        for folder in PROCESSES.glob("[0-9]*"):
            with suppress(OSError):
                if mine in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def running(self, command: str) -> list[int]:
        return [process for process, line in self.processes().items() if command in line]

    def cut_power(self) -> None:
        while processes := self.processes():
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.1)

    def log(self) -> str:
        return "".join(path.read_text(errors="replace")[-3_000:] for path in self.home.glob("prefect/*.log"))


def wait(machine: Machine, holds: Callable[[], object]) -> None:
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, machine.log()
        time.sleep(0.5)


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it says once it is up."""
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    told: dict[str, Any] = json.loads(line)
    return told


def real_time(server: str, account: str) -> set[str]:
    """The states of the runs of real time that have begun."""
    wanted = {"tags": {"all_": ["rt", f"account:{account}"]}, "state": {"type": {"not_any_": ["SCHEDULED"]}}}
    answer = httpx.post(f"{server}/flow_runs/filter", json={"flow_runs": wanted}).raise_for_status()
    return {run["state_type"] for run in answer.json()}


def archived(machine: Machine) -> dict[str, str]:
    if not (machine.home / "published" / "control.duckdb").exists():
        return {}
    return {row["event_key"]: row["status"] for row in machine.run("query", "from event")["rows"]}


def test_dropped_files_end_in_the_archive_with_no_further_command_and_a_power_cut_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Machine(tmp_path / "home")
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(machine.home))
    add_account(machine.home / "accounts.toml", Account(name="shop", cell_id=5))
    asyncio.run(publish_templates.fn(path=str(PROJECT / "data" / "samples" / "templates")))
    with machine.up() as process:
        first = said(process)
        assert (first["server_started"], first["worker_started"], first["runs_started"]) == (True, True, 1)
        machine.drop("shop", "rt", "one", {"id": "first", **EVENT})
        machine.drop("shop", "batch", "two", {"id": "second", **EVENT})
        wait(machine, lambda: machine.handed_over("shop"))
        machine.cut_power()
    with machine.up() as process:
        again = said(process)
        assert again["deployments"] == {"unchanged": sum(first["deployments"].values())}
        assert again["runs_left_by_a_power_cut"]
        assert machine.run("accounts", "add", "late")["deployed"]
        wait(machine, lambda: len(machine.handed_over("shop")) == 2)
        delivered = [
            {"event_id": number, "recipient": EVENT["email"], "kind": "delivered", "logged_at": "2026-11-23T12:00:00Z"}
            for number, _ in machine.handed_over("shop")
        ]
        machine.drop("shop", "delivery-logs", "three", *delivered)
        wait(machine, lambda: set(archived(machine).values()) == {"sent"})
        assert archived(machine) == {"first": "sent", "second": "sent"}
        [worker] = machine.running("worker start")
        os.kill(worker, signal.SIGKILL)
        wait(machine, lambda: machine.running("worker start") not in ([], [worker]))
        assert machine.run("accounts", "pause", "shop")["paused"]
        wait(machine, lambda: not real_time(again["server"], "shop") & {"PENDING", "RUNNING", "CANCELLING"})
        assert real_time(again["server"], "shop") >= {"CANCELLED", "CRASHED"}  # the pause, the power cut
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert machine.processes() == {}
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{again['server']}/health")
