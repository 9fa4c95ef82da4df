"""The report page of a demonstration: one HTML file that needs nothing else, and shows the run's own numbers."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.contracts.demo import DemoNumbers
from tasks.contracts.vocabulary import STATUS_LABELS
from tasks.exchange.demonstration.demo_files import put
from tasks.exchange.demonstration.report_charts import STATUS_COLOURS, pictures
from tasks.exchange.demonstration.report_flow import Node, Ribbon, flow_picture

_ACCOUNT_COLOURS: Final = ("#3f7fb8", "#3a9a96", "#7b74c4", "#b8763f")
IN_MINUTES: Final = 120
"""Seconds from which on a time is shown in minutes."""
_NOT_DELIVERED: Final = {"not_taken_into_account", "expired", "pending"}


def write_report_page(path: Path, numbers: DemoNumbers) -> Path:
    """Writes the page, complete or not at all."""
    return put(path, report_page(numbers).encode())


def report_page(numbers: DemoNumbers) -> str:
    """The page. Whatever comes from events is escaped; pictures are drawn here and inline."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": _number, "share": _share, "clock": _clock, "seconds": _seconds}
    drawn = {name: Markup(svg) for name, svg in pictures(numbers.frames).items()}  # noqa: S704 # our own SVG
    frames = {name: frame.to_dicts() for name, frame in numbers.frames.items()}
    return environment.get_template("report_page.html.j2").render(
        numbers=numbers,
        flow=Markup(_flow(numbers)),  # noqa: S704 # escaped where it is drawn
        pictures=drawn,
        labels=STATUS_LABELS,
        colours=STATUS_COLOURS,
        stories=_stories(numbers.frames),
        rejects=_rejects(numbers.frames["rejects"]),
        events=sum(sum(account.statuses.values()) for account in numbers.accounts),
        **{name: frames[name] for name in ("files", "service_level", "processing_time")},
    )


def _flow(numbers: DemoNumbers) -> str:
    """From accounts through ingestion and routing to the outcome."""
    accounts, frames = numbers.accounts, numbers.frames
    statuses = dict(frames["statuses"].group_by("status").agg(pl.col("events").sum()).iter_rows())
    delivered = {status: events for status, events in statuses.items() if status not in _NOT_DELIVERED}
    others = {status: events for status, events in statuses.items() if status in _NOT_DELIVERED}
    totals = {name: numbers.total("files", name) for name in ("accepted", "duplicates", "rejected")}
    look = {"accepted": "#4c8ddb", "duplicates": "#9aa7b3", "rejected": "#d9583b"}
    nodes = [
        *(
            Node(account.name, account.name, 0, _ACCOUNT_COLOURS[number % len(_ACCOUNT_COLOURS)], account.files["rows"])
            for number, account in enumerate(accounts)
        ),
        *(Node(name, name, 1, look[name], rows) for name, rows in totals.items()),
        Node("delivered", "linked to a template", 2, "#4c8ddb", sum(delivered.values())),
        *(_status(name, others, 2) for name in STATUS_COLOURS if name in others),
        *(_status(name, delivered, 3) for name in STATUS_COLOURS if name in delivered),
    ]
    ribbons = [
        *(Ribbon(account.name, name, account.files[name]) for account in accounts for name in totals),
        *(
            Ribbon("accepted", name, events)
            for name, events in [("delivered", sum(delivered.values())), *others.items()]
        ),
        *(Ribbon("delivered", name, delivered[name]) for name in STATUS_COLOURS if name in delivered),
    ]
    return flow_picture(nodes, ribbons, ["rows read", "events", "after routing", "after the delivery logs"])


def _status(name: Any, events: dict[Any, int], column: int) -> Node:
    return Node(name, STATUS_LABELS[name].lower(), column, STATUS_COLOURS[name], events[name])


def _rejects(rejects: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per reason, with an example from the account that comes last: most samples of it are there."""
    examples = ("account", "source_file", "line", "detail", "raw")
    return (
        rejects.sort("account", descending=True)
        .group_by("content", "reason")
        .agg(pl.col("rows").sum(), pl.col(examples).first())
        .sort("content", "rows", "reason", descending=[True, True, False])
        .to_dicts()
    )


def _stories(frames: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Chosen events, each with what happened to it in order."""
    logs = frames["story_logs"]
    return [
        {**event, "happened": _happened(event, logs.filter(account=event["account"], event_key=event["event_key"]))}
        for event in frames["stories"].to_dicts()
    ]


def _happened(event: dict[str, Any], logs: pl.DataFrame) -> list[tuple[datetime, str, str]]:
    said = f"{event['event_type']} for {event['address']}"
    steps = [(event["created_at"], "created", said), (event["received_at"], "received", f"in {event['source_file']}")]
    if event["processing_at"] and event["template_id"]:
        steps.append((event["processing_at"], "linked", f"to template {event['template_id']}"))
    steps += [
        (log["logged_at"], log["kind"].replace("_", " "), " · ".join(filter(None, (log["provider"], log["reason"]))))
        for log in logs.to_dicts()
    ]
    return steps


def _number(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:.1%}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "\u2013"
    return f"{value:,.1f} s" if value < IN_MINUTES else f"{value / 60:,.1f} min"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"
