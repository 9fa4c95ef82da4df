"""How soon an event is handled: `python -m bench.real_time [--rate 200] [--seconds 60] [--batch 200000]`.

A Prefect server, a process worker and the account's real-time deployment, all real; a process of its own drops events
into the inbox, one a file unless told otherwise. Figures, not tests.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from bench.rt_figures import cpu_seconds, from_run_to_run, handed_over, latencies, measured, step_costs
from bench.rt_producer import drop, event, produce
from bench.rt_server import Machine, running
from tasks.account_run import AccountRun, account_run
from tasks.contracts.accounts import Account
from tasks.contracts.publish_templates import TemplateSource
from tasks.exchange.roster import add_account
from tasks.publish_templates import publish_templates
from tasks.settings import Settings
from tasks.store.publish_templates import Change

ACCOUNT = Account(name="bench", cell_id=1)
PATIENCE_SECONDS = 60
IDLE_SECONDS = 10


def main() -> None:
    """Runs it and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=200, help="events a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--per-file", type=int, default=1, help="events a file")
    parser.add_argument("--types", type=int, default=40, help="event types, each with a template")
    parser.add_argument("--batch", type=int, default=0, help="events of a batch run that goes on beside")
    parser.add_argument("--run-seconds", type=int, default=0, help="when a run hands over; 0: three times in all")
    parser.add_argument("--json", type=Path, help="where to write the figures too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options)
    for title, rows in figures.items():
        Console().print(_table(title, rows))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(home: Path, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """All figures."""
    os.environ["MESSAGE_CENTER_HOME"] = str(home)
    pass_log, told = home / "passes.ndjson", home / "arrived.json"
    run = prepared(options.types)
    environment = {"MESSAGE_CENTER_HOME": str(home), "MESSAGE_CENTER_PASS_LOG": str(pass_log)}
    seconds = options.run_seconds or max(20, round(options.seconds / 3))
    with running(home, ACCOUNT, run_seconds=seconds, **environment) as machine:
        machine.start("rtEventsProcessing")
        until(pass_log.exists, "the first pass")
        idle = idle_cost(run)
        before, busy = machine.rows(), time.time()
        drive(run, machine, told, options)
        took = time.time() - busy
        time.sleep(5)  # the server writes down the last of what it was told
        rows = {name: count - before[name] for name, count in machine.rows().items()}
    result = measured(run, told, pass_log)
    while_busy = result.passes.filter(pl.col("began") >= busy)
    cpu = {
        "loop CPU s": cpu_seconds(while_busy),
        "passes": while_busy.height,
        "seconds": took,
        "load": os.getloadavg()[0],
    }
    return {
        f"milliseconds, {result.events.height:,} events": latencies(result.events),
        "milliseconds of a step": step_costs(result, since=busy),
        "from run to run": from_run_to_run(result, since=busy),
        "rows that the server wrote": [rows],
        "cost": [cpu | idle],
    }


def prepared(types: int) -> AccountRun:
    """A home with one account, a template for each type, and inboxes."""
    add_account(Settings().roster_path, ACCOUNT)
    run = account_run(ACCOUNT.name)
    body = {"subject": "{{ ctx.order.id }}", "body_text": "Dear {{ ctx.name }}, your order {{ ctx.order.id }}."}
    common = {"version": 1, "channel": "email", "priority": 0, **body}
    rows = [{"template_id": f"t{n}", "event_type": f"type-{n}", **common} for n in range(types)]
    sources = TemplateSource.validate(pl.DataFrame(rows, schema=pl.Schema(TemplateSource)))
    change, journal = Change("bench", run.now), run.settings.publications
    publish_templates({run.account.name: run.store}, sources, at=run.now, change=change, journal=journal)
    for queue in ("rt", "batch"):
        run.settings.inbox(ACCOUNT.name, queue).mkdir(parents=True)
    return run


def idle_cost(run: AccountRun) -> dict[str, float]:
    """CPU of the run while nothing comes."""
    while True:
        try:
            pid = json.loads(run.store.path.with_suffix(".rt.lock").read_text())["pid"]
            before = _cpu(pid)
            time.sleep(IDLE_SECONDS)
            return {"idle CPU %": (_cpu(pid) - before) / IDLE_SECONDS * 100}
        except (FileNotFoundError, ValueError):  # another run has taken over: once more
            time.sleep(1)


def drive(run: AccountRun, machine: Machine, told: Path, options: argparse.Namespace) -> None:
    """Lets the events come, and waits until the last of them is handed over."""
    pace = {"rate": options.rate, "seconds": options.seconds, "per_file": options.per_file, "types": options.types}
    inbox = run.settings.inbox(ACCOUNT.name, "rt")
    producer = multiprocessing.get_context("spawn").Process(target=produce, args=(inbox, told), kwargs=pace)
    producer.start()
    if options.batch:
        time.sleep(options.seconds / 6)
        events = [event(number, options.types) | {"id": f"b{number}"} for number in range(options.batch)]
        drop(run.settings.inbox(ACCOUNT.name, "batch") / "batch.ndjson", events)
        machine.start("batchEventsProcessing")
    producer.join()
    expected = {key for key, _ in json.loads(told.read_text())}
    until(lambda: expected <= {key for key, _ in handed_over(run)}, "the last hand-over", fails=False)


def until(holds: Any, what: str, *, fails: bool = True) -> None:
    """Waits for something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            if fails:
                raise TimeoutError(f"{what} did not come within {PATIENCE_SECONDS} s")
            return
        time.sleep(1)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _table(title: str, rows: Iterable[dict[str, Any]]) -> Table:
    rows = list(rows)
    table = Table(*(rows[0] if rows else ["nothing"]), title=title)
    for row in rows:
        table.add_row(*(f"{value:,.1f}" if isinstance(value, float) else str(value) for value in row.values()))
    return table


if __name__ == "__main__":
    main()
