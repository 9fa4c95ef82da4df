"""The charts of the page of reports. All of them follow what is chosen at its head: an account, a channel."""

from typing import Final

import altair as alt
import polars as pl

from tasks.contracts.report_page import ReportNumbers
from tasks.contracts.vocabulary import STATUS_LABELS, Status

ALL: Final = "all"
COLOURS: Final = {"incoming": "#8fa3b5", "sent": "#2f9e6e", "errors": "#d9583b"}
_STATUS_COLOURS: Final[dict[Status, str]] = {
    "not_taken_into_account": "#8e6bbf",
    "expired": "#a97f5d",
    "ignored": "#c2a83e",
    "delivery_failed": "#d9583b",
}
_HEIGHT: Final = 240
_ACCOUNT: Final = alt.param(name="account", value=ALL)
_CHANNEL: Final = alt.param(name="channel", value=ALL)
_OF_ACCOUNT: Final = f"account == '{ALL}' || datum.account == account"
_OF_CHANNEL: Final = f"channel == '{ALL}' || datum.channel == channel"
_WHEN: Final = alt.Tooltip("since:T", format="%d %b %H:%M", title="from")
_MOST_REASONS: Final = 15
_BY_KIND: Final = alt.Color(
    "kind:N",
    legend=None,
    scale=alt.Scale(domain=[STATUS_LABELS[name] for name in _STATUS_COLOURS], range=list(_STATUS_COLOURS.values())),
)
_X: Final = alt.X(
    "since:T",
    title=None,
    scale=alt.Scale(type="utc"),
    axis=alt.Axis(format="%d %b %H:%M", tickCount=10, labelOverlap=True),
)


def charts(numbers: ReportNumbers) -> dict[str, alt.TopLevelMixin]:
    """All charts by the id of their place in the page."""
    frames = numbers.frames
    labelled = frames["errors"].with_columns(kind=pl.col("status").replace(STATUS_LABELS))
    return {
        "volumes": _volumes(frames["volumes"], numbers),
        "errors": _kinds(labelled),
        "reasons": _reasons(labelled),
        "times": _times(frames["times"], numbers),
        "depths": _depths(frames["depths"]),
        "history": _history(frames["event_history"]),
    }


def _chart(frame: pl.DataFrame, *conditions: str) -> alt.Chart:
    """A chart of rows that the page's choices leave; instants become milliseconds since 1970."""
    instants = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    shown = frame.with_columns(pl.col(instants).dt.epoch("ms"))
    rows = alt.InlineData(values=shown.to_dicts())
    chart = alt.Chart(rows).properties(width="container", height=_HEIGHT)
    chart = chart.add_params(_ACCOUNT, _CHANNEL)
    for condition in conditions:
        chart = chart.transform_filter(condition)
    return chart


def _volumes(volumes: pl.DataFrame, numbers: ReportNumbers) -> alt.TopLevelMixin:
    """Incoming, sent and errors of each step."""
    first, end = (round(instant.timestamp() * 1_000) for instant in (numbers.from_at, numbers.to_at))
    steps = alt.ImputeSequence(start=first, stop=end, step=numbers.step_seconds * 1_000)
    chart: alt.Chart = (
        _chart(volumes, _OF_ACCOUNT, _OF_CHANNEL)
        .transform_aggregate(events="sum(events)", groupby=["since", "what"])
        .transform_impute(impute="events", key="since", keyvals=steps, groupby=["what"], value=0)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            _X,
            alt.Y("events:Q", title="events"),
            alt.Color("what:N", title=None, scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))),
            tooltip=[_WHEN, "what:N", alt.Tooltip("events:Q", format=",")],
        )
        .interactive(bind_y=False)
    )
    return chart


def _kinds(errors: pl.DataFrame) -> alt.TopLevelMixin:
    """Kinds of errors; the page takes a click on one to the chart of reasons."""
    chart: alt.Chart = (
        _chart(errors, _OF_ACCOUNT, _OF_CHANNEL)
        .transform_aggregate(total="sum(events)", groupby=["kind"])
        .mark_bar(cursor="pointer")
        .encode(
            alt.X("total:Q", title="events"),
            alt.Y("kind:N", title=None, sort="-x"),
            _BY_KIND,
            tooltip=["kind:N", alt.Tooltip("total:Q", format=",", title="events")],
        )
        .properties(height=alt.Step(28))
    )
    return chart


def _reasons(errors: pl.DataFrame) -> alt.TopLevelMixin:
    """The most frequent reasons, of all kinds or of the one that was clicked."""
    chart: alt.Chart = (
        _chart(errors, _OF_ACCOUNT, _OF_CHANNEL)
        .add_params(alt.param(name="kind", value=ALL))
        .transform_filter(f"kind == '{ALL}' || datum.kind == kind")
        .transform_aggregate(total="sum(events)", groupby=["kind", "reason"])
        .transform_window(place="row_number()", sort=[alt.SortField("total", order="descending")])
        .transform_filter(f"datum.place <= {_MOST_REASONS}")
        .mark_bar()
        .encode(
            alt.X("total:Q", title="events"),
            alt.Y("reason:N", title=None, sort="-x"),
            _BY_KIND,
            tooltip=["reason:N", "kind:N", alt.Tooltip("total:Q", format=",", title="events")],
        )
        .properties(height=alt.Step(22))
    )
    return chart


def _times(times: pl.DataFrame, numbers: ReportNumbers) -> alt.TopLevelMixin:
    """Seconds in the queue and with the sender, one on the other."""
    chart: alt.Chart = (
        _chart(times, _OF_ACCOUNT, _OF_CHANNEL)
        .transform_fold(["queuing_seconds", "sending_seconds"], as_=["part", "seconds"])
        .transform_aggregate(seconds="sum(seconds)", sent="sum(sent)", groupby=["since", "part"])
        .transform_calculate(
            average="datum.seconds / datum.sent",
            where="datum.part == 'queuing_seconds' ? 'in the queue' : 'sending'",
            until=f"datum.since + {numbers.step_seconds * 1_000}",
        )
        .transform_stack(stack="average", groupby=["since"], sort=[alt.SortField("where")], as_=["from", "upto"])
        .mark_rect()
        .encode(
            _X,
            alt.Y("from:Q", title="seconds, average"),
            alt.X2("until"),
            alt.Y2("upto"),
            color=alt.Color("where:N", title=None, scale=alt.Scale(range=["#4c8ddb", "#3a9a96"])),
            tooltip=[_WHEN, "where:N", alt.Tooltip("average:Q", format=",.1f")],
        )
        .interactive(bind_y=False)
    )
    return chart


def _depths(depths: pl.DataFrame) -> alt.TopLevelMixin:
    """The most events that waited in each step."""
    chart: alt.Chart = (
        _chart(depths, _OF_ACCOUNT)
        .transform_calculate(which="datum.account + ' ' + datum.queue")
        .mark_line(interpolate="step-after", strokeWidth=2, point={"size": 12})
        .encode(
            _X,
            alt.Y("max_queued:Q", title="events waiting, most"),
            alt.Color("which:N", title=None),
            tooltip=[
                _WHEN,
                "which:N",
                alt.Tooltip("max_queued:Q", format=","),
                alt.Tooltip("queued:Q", format=",", title="at the end"),
            ],
        )
        .interactive(bind_y=False)
    )
    return chart


def _history(history: pl.DataFrame) -> alt.TopLevelMixin:
    """Events by type and day, and which part of them was sent."""
    days = history.select("account", "channel", "event_type", pl.col("day").cast(pl.String), "events", "sent")
    chart: alt.Chart = (
        _chart(days, _OF_ACCOUNT, _OF_CHANNEL)
        .transform_aggregate(events="sum(events)", sent="sum(sent)", groupby=["day", "event_type"])
        .transform_calculate(success="datum.sent / datum.events")
        .mark_rect(stroke="white", strokeWidth=0.5)
        .encode(
            alt.X("day:O", title=None),
            alt.Y("event_type:N", title=None),
            alt.Color("success:Q", title="sent", scale=alt.Scale(domain=[0, 1], scheme="redyellowgreen"),
                      legend=alt.Legend(format=".0%")),
            tooltip=["day:O", "event_type:N", alt.Tooltip("events:Q", format=","), alt.Tooltip("sent:Q", format=","),
                     alt.Tooltip("success:Q", format=".1%")],
        )
        .properties(height=alt.Step(22))
    )  # fmt: skip
    return chart
