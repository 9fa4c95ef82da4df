"""The picture of the flow of data in the README, drawn from the statements of the stages themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlglot
from sqlglot import exp

from tasks.contracts.archive_events import ARCHIVED_TABLES
from tasks.settings import PROJECT

SQL: Final = PROJECT / "tasks" / "store" / "sql"
STAGES: Final = {
    "publish_templates": "publish-templates",
    "ingest_events": "ingest-events",
    "route_events": "process-batch-events<br>process-rt-events",
    "deliver_events": "deliver-events",
    "collect_delivery_logs": "collect-delivery-logs",
    "update_event_status": "update-event-status",
    "child_events": "recycle-events<br>replay-events",
}
"""Folders of statements, by what people call the flows that run them."""
TABLES: Final = (
    "template", "event", "rejected_event", "delivery", "hand_over", "delivery_log", "rejected_delivery_log",
    "quarantine", "tracking_log",
)  # fmt: skip
"""What the picture shows; the ledgers beside them it does not."""
ARCHIVE: Final = "archive_events"
BORDERS: Final = (
    '    files[/"event files, HTTP, SOAP"/] --> ingest_events',
    '    author[/"folder of templates"/] --> publish_templates',
    '    deliver_events --> sender[/"outbox files, SMTP, webhook"/] --> provider([providers])',
    "    provider -->|delivery logs| collect_delivery_logs",
    '    archive_events["archive-events<br>one per account"] --> control[(control store)]',
    '    control --> published[/"published data"/]',
)
"""What lies beyond the statements."""
BEGIN: Final = "<!-- >>> flow of data: rendered by `python -m deployments.render`, do not edit by hand -->\n"
END: Final = "<!-- <<< flow of data -->\n"


def with_picture(text: str) -> str:
    """The text of the README with its picture drawn anew; one without the two markers stays as it is."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}{picture()}{end}{after}" if begin and end else text


def picture() -> str:
    """The flow of data as a Mermaid diagram."""
    lines = [f'    {stage}["{name}"]' for stage, name in STAGES.items()]
    lines += [f"    {table}[({table})]" for table in TABLES]
    for stage in STAGES:
        lines += _arrows(stage)
    archived = [table.name for table in ARCHIVED_TABLES if table.name in TABLES]
    lines += [f"    {' & '.join(archived)} --> {ARCHIVE}", *BORDERS]
    return "\n".join(["```mermaid", "flowchart LR", *lines, "```"]) + "\n"


def _arrows(stage: str) -> Iterator[str]:
    """What a stage reads comes in, what it writes goes out, what it does both to has two heads."""
    reads, writes = set[str](), set[str]()
    for path in sorted((SQL / stage).glob("*.sql")):
        written, read = _tables(path)
        writes |= written
        reads |= read
    for found, arrow in (
        (reads - writes, "{0} --> {1}"),
        (reads & writes, "{0} <--> {1}"),
        (writes - reads, "{1} --> {0}"),
    ):
        if tables := [table for table in TABLES if table in found]:
            yield "    " + arrow.format(" & ".join(tables), stage)


def _tables(path: Path) -> tuple[set[str], set[str]]:
    """The tables that a statement writes, and those that it reads."""
    tree = sqlglot.parse_one(path.read_text(encoding="utf-8"), dialect="duckdb")
    target = tree.find(exp.Table) if isinstance(tree, exp.Insert | exp.Update | exp.Delete) else None
    own = {part.alias for part in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table) if table is not target} - own
    return ({target.name} if target else set()), read
