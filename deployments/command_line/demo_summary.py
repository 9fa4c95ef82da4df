"""What the command `demo` tells at its end."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tasks.contracts.demo import AccountNumbers, DemoNumbers
from tasks.contracts.vocabulary import STATUS_LABELS, STATUSES

REASONS = 12
STAGES = 10
Row = tuple[str, Callable[[AccountNumbers], int | str]]


def summary(numbers: DemoNumbers, page: Path) -> dict[str, Any]:
    """All of it, as one JSON object."""
    totals: dict[str, Any] = {
        **{name: numbers.total("files", name) for name in ("rows", "accepted", "duplicates", "rejected")},
        "handed_over": numbers.total("messages", "handed_over"),
        "log_rows": numbers.total("logs", "read"),
        "by_status": {status: numbers.total("statuses", status) for status in STATUSES},
    }
    return {
        "home": numbers.home,
        "seed": numbers.seed,
        "events": numbers.generated,
        "sample_files": numbers.sample_files,
        "totals": totals,
        "accounts": {account.name: asdict(account) for account in numbers.accounts},
        "conservation": "holds" if numbers.conservation_holds else "broken",
        "proof": "equal" if numbers.proof_holds else "different",
        "seconds": round(numbers.seconds, 2),
        "events_per_second": round(totals["rows"] / numbers.seconds),
        "stages": [asdict(timing) for timing in numbers.timings],
        "prefect": {
            **asdict(numbers.prefect),
            "seconds": numbers.prefect.seconds,
            "share": numbers.prefect.seconds / numbers.seconds,
        },
        "example_event": numbers.example_event,
        "page": page,
    }


def show_summary(numbers: DemoNumbers, page: Path) -> None:
    """All of it, as tables; the page's path is the last line."""
    console = Console(highlight=False)
    console.print(_accounts(numbers))
    console.print(_reasons(numbers))
    console.print(_times(numbers))
    conservation = "holds" if numbers.conservation_holds else "[red]is broken[/red]"
    proof = "is equal on both sides" if numbers.proof_holds else "[red]differs[/red]"
    console.print(
        f"Conservation {conservation}: every row and every event is accounted for.\n"
        f"Archive proof {proof}, table by table and day by day.\n\n"
        "Look further:"
    )
    for command in _commands(numbers):
        sys.stdout.write(f"  {command}\n")
    sys.stdout.write(f"\nThe report page:\n{page}\n")


def _accounts(numbers: DemoNumbers) -> Table:
    table = Table(title="What became of the events", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for account in numbers.accounts:
        table.add_column(account.name, justify="right")
    table.add_column("all", justify="right", style="bold")
    for title, kind, name in _LINES:
        if not title:
            table.add_section()
            continue
        counts = [getattr(account, kind).get(name, 0) for account in numbers.accounts]
        table.add_row(title, *(f"{count:,}" for count in (*counts, sum(counts))))
    return table


_LINES = (
    ("rows read", "files", "rows"),
    ("  accepted", "files", "accepted"),
    ("  duplicates", "files", "duplicates"),
    ("  rejected", "files", "rejected"),
    ("files unreadable", "files", "unreadable"),
    ("", "", ""),
    *((label, "statuses", status) for status, label in STATUS_LABELS.items()),
    ("", "", ""),
    ("messages handed over", "messages", "handed_over"),
    ("  deferred at first", "messages", "deferred"),
    ("  refused at once", "messages", "refused"),
    ("not rendered", "messages", "not_rendered"),
    ("", "", ""),
    ("delivery-log rows", "logs", "read"),
    ("  twice", "logs", "duplicates"),
    ("  rejected", "logs", "rejected"),
    ("  of unknown messages", "logs", "parked"),
    ("rows archived", "archive", "upserted"),
)


def _reasons(numbers: DemoNumbers) -> Table:
    table = Table(title="Why", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("", "reason"):
        table.add_column(heading)
    table.add_column("rows", justify="right")
    counted: dict[tuple[str, str], int] = {}
    for account in numbers.accounts:
        for reason, rows in account.rejects.items():
            counted["row rejected", reason] = counted.get(("row rejected", reason), 0) + rows
        for status, reasons in account.reasons.items():
            for reason, events in reasons.items():
                key = (STATUS_LABELS[status], reason)  # type: ignore[index] # statuses are ours
                counted[key] = counted.get(key, 0) + events
    for (what, reason), rows in sorted(counted.items(), key=lambda item: -item[1])[:REASONS]:
        table.add_row(what, reason.replace("_", " "), f"{rows:,}")
    return table


def _times(numbers: DemoNumbers) -> Table:
    table = Table(title="Where the time went", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("stage")
    for heading in ("calls", "seconds", "rows/s"):
        table.add_column(heading, justify="right")
    for timing in numbers.timings[:STAGES]:
        rate = "" if timing.events_per_second is None else f"{timing.events_per_second:,.0f}"
        table.add_row(timing.stage.replace("_", " "), str(timing.calls), f"{timing.seconds:.2f}", rate)
    rest = sum(timing.seconds for timing in numbers.timings[STAGES:])
    table.add_row("all other stages", "", f"{rest:.2f}", "")
    prefect = numbers.prefect
    table.add_section()
    table.add_row("Prefect: waiting for its server", "1", f"{prefect.server_start_seconds:.2f}", "")
    runs = f"Prefect: {prefect.flow_runs} flow runs, {prefect.task_runs} task runs"
    table.add_row(runs, "", f"{prefect.recording_seconds:.2f}", "")
    rate = f"{numbers.total('files', 'rows') / numbers.seconds:,.0f}"
    share = f"all, {prefect.seconds / numbers.seconds:.0%} of it Prefect"
    table.add_section()
    table.add_row(share, "", f"{numbers.seconds:.2f}", rate, style="bold")
    return table


def _commands(numbers: DemoNumbers) -> list[str]:
    return [
        f"export MESSAGE_CENTER_HOME={numbers.home}",
        "message-center report service-level",
        f"message-center event {numbers.example_event}",
        'message-center query "select status, reason, count(*) as events from event group by all order by events desc"',
    ]
