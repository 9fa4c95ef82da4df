"""The pictures of the report page, as SVG that takes its colours from the page's light or dark scheme."""

from collections.abc import Mapping
from typing import Final

import altair as alt
import polars as pl

from tasks.contracts.vocabulary import STATUS_LABELS, Status
from tasks.exchange.demonstration.report_svg import INK, svg_of

STATUS_COLOURS: Final[dict[Status, str]] = {
    "sent": "#2f9e6e",
    "pending_delivery": "#4c8ddb",
    "pending": "#8fa3b5",
    "ignored": "#c2a83e",
    "not_taken_into_account": "#8e6bbf",
    "expired": "#a97f5d",
    "delivery_failed": "#d9583b",
}
"""In the order in which statuses are stacked."""
_HALF: Final = 510
_WHOLE: Final = 1_066
_FIT: Final = alt.AutoSizeParams(type="fit-x", contains="padding")
_BY_STATUS: Final = alt.Color(
    "label:N",
    scale=alt.Scale(domain=[STATUS_LABELS[status] for status in STATUS_COLOURS], range=list(STATUS_COLOURS.values())),
    legend=None,
)


def pictures(frames: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """All pictures by name, drawn from the frames of the demonstration's report."""
    charts: dict[str, alt.TopLevelMixin] = {
        "statuses": _statuses(frames["statuses"]),
        "event_types": _event_types(frames["event_types"]),
        "reasons": _reasons(frames["statuses"]),
        "languages": _languages(frames["languages"]),
        "timeline": _timeline(frames["arrivals"], frames["outcomes"]),
        "stages": _stages(frames["stages"]),
    }
    return {name: svg_of(chart, name) for name, chart in charts.items()}


def _statuses(statuses: pl.DataFrame) -> alt.TopLevelMixin:
    events = statuses.group_by("account", "status").agg(pl.col("events").sum()).sort("account", "status")
    return _stacked(_labelled(events), alt.Y("account:N", title=None), step=48)


def _event_types(event_types: pl.DataFrame) -> alt.TopLevelMixin:
    order = event_types.group_by("event_type").agg(pl.col("events").sum()).sort("events", descending=True)
    events = _labelled(event_types.with_columns(pl.col("event_type").str.replace_all("_", " ")))
    return _stacked(events, alt.Y("event_type:N", title=None, sort=_words(order["event_type"])), step=36)


def _stacked(events: pl.DataFrame, y: alt.Y, *, step: int) -> alt.TopLevelMixin:
    bars: alt.Chart = (
        alt.Chart(events)
        .mark_bar(cornerRadius=1)
        .encode(
            x=alt.X("events:Q", title="events", axis=alt.Axis(format="~s", tickCount=6)),
            y=y,
            color=_BY_STATUS,
            order=alt.Order("position:Q"),
        )
        .properties(width=_HALF, height={"step": step}, autosize=_FIT)
    )
    return bars


def _reasons(statuses: pl.DataFrame) -> alt.TopLevelMixin:
    """Why events are not simply sent."""
    why = (
        _labelled(statuses.filter(pl.col("reason").is_not_null()))
        .group_by("reason", "label")
        .agg(pl.col("events").sum())
        .sort("events", "reason", descending=[True, False])
        .head(16)
        .with_columns(pl.col("reason").str.replace_all("_", " ").str.slice(0, 36))
    )
    bars = alt.Chart(why).encode(
        x=alt.X("events:Q", title="events", axis=alt.Axis(format="~s", tickCount=5)),
        y=alt.Y("reason:N", title=None, sort=why["reason"].to_list(), axis=alt.Axis(labelLimit=260)),
    )
    return _numbered(bars, bars.mark_bar(cornerRadius=1).encode(color=_BY_STATUS), "events:Q", ",", step=31)


def _languages(languages: pl.DataFrame) -> alt.TopLevelMixin:
    """How many events, and how many of them were sent."""
    shares = languages.with_columns(share=pl.col("sent") / pl.col("events"))
    cells = alt.Chart(shares).encode(
        x=alt.X("language:N", title=None, axis=alt.Axis(labelAngle=0, orient="top")), y=alt.Y("channel:N", title=None)
    )
    scale = alt.Scale(domain=[0.4, 0.7, 1], range=["#d9583b", "#e8c55f", "#2f9e6e"], clamp=True)
    legend = alt.Legend(format="%", orient="bottom", title="share sent", gradientLength=220, values=[0.4, 0.6, 0.8, 1])
    coloured = cells.mark_rect(cornerRadius=4).encode(color=alt.Color("share:Q", scale=scale, legend=legend))
    numbers = cells.mark_text(fontSize=11, color="#10151b").encode(text=alt.Text("events:Q", format=","))
    return alt.layer(coloured, numbers).properties(width=_WHOLE, height={"step": 34}, autosize=_FIT)


def _timeline(arrivals: pl.DataFrame, outcomes: pl.DataFrame) -> alt.TopLevelMixin:
    """What was created and what was decided, every ten minutes; the more, the stronger."""
    created = arrivals.select("bin", "events", line=pl.format("created, {}", "queue"), colour=pl.lit("#7c93a8"))
    decided = _labelled(outcomes).sort("position").select(
        "bin", "events", line="label", colour=pl.col("status").replace_strict(STATUS_COLOURS)
    )  # fmt: skip
    both = pl.concat([created.sort("line"), decided]).with_columns(pl.col("bin").dt.truncate("10m"))
    lines = both["line"].unique(maintain_order=True).to_list()
    bins = both.select(at=pl.datetime_range(pl.col("bin").min(), pl.col("bin").max(), "10m"))
    hours = bins["at"].dt.to_string("%H:%M").to_list()
    counted = both.group_by("bin", "line", "colour").agg(pl.col("events").sum()).sort("bin", "line")
    cells = alt.Chart(counted.with_columns(at=pl.col("bin").dt.to_string("%H:%M")).drop("bin")).encode(
        x=alt.X("at:O", title=None, scale=alt.Scale(domain=hours), axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("line:N", title=None, sort=lines, axis=alt.Axis(labelLimit=220)),
    )
    strength = alt.Opacity("events:Q", scale=alt.Scale(type="log", domain=[1, 20_000], range=[0.25, 1]), legend=None)
    coloured = cells.mark_rect(cornerRadius=4).encode(color=alt.Color("colour:N", scale=None), opacity=strength)
    numbers = cells.mark_text(fontSize=10, color=INK).encode(text=alt.Text("events:Q", format=".3~s"))
    return alt.layer(coloured, numbers).properties(width=_WHOLE, height={"step": 30}, autosize=_FIT)


def _stages(stages: pl.DataFrame) -> alt.TopLevelMixin:
    slowest = stages.sort("seconds", descending=True).head(14)
    bars = alt.Chart(slowest).encode(
        x=alt.X("seconds:Q", title="seconds", axis=alt.Axis(tickCount=5)),
        y=alt.Y("stage:N", title=None, sort=slowest["stage"].to_list(), axis=alt.Axis(labelLimit=260)),
    )
    kinds = alt.Scale(domain=["work", "Prefect"], range=["#3f7fb8", "#9a7bd0"])
    legend = alt.Legend(orient="bottom", title=None)
    return _numbered(
        bars,
        bars.mark_bar(cornerRadius=1).encode(color=alt.Color("kind:N", scale=kinds, legend=legend)),
        "seconds:Q",
        ".2f",
        step=25,
    )


def _numbered(bars: alt.Chart, coloured: alt.Chart, number: str, form: str, *, step: int) -> alt.TopLevelMixin:
    numbers = bars.mark_text(align="left", dx=4, fontSize=11, color=INK).encode(text=alt.Text(number, format=form))
    return alt.layer(coloured, numbers).properties(width=_HALF, height={"step": step}, autosize=_FIT)


def _words(names: pl.Series) -> list[str]:
    return names.str.replace_all("_", " ").to_list()


def _labelled(events: pl.DataFrame) -> pl.DataFrame:
    positions = {status: position for position, status in enumerate(STATUS_COLOURS)}
    return events.with_columns(
        label=pl.col("status").replace_strict(STATUS_LABELS),
        position=pl.col("status").replace_strict(positions, return_dtype=pl.Int64),
    )
