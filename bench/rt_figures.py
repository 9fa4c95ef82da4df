"""What a real-time benchmark measured: how long events took, by clocks that were read once the work was durable."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tasks.account_run import AccountRun
from tasks.store.connection import reading

QUANTILES = (50, 95, 99)
LINE = {"pid": pl.Int64, "cpu": pl.Float64, "began": pl.Float64, "ingested": pl.Float64, "routed": pl.Float64,
        "handed_over": pl.Float64}  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """The events, and the passes."""

    events: pl.DataFrame
    """`event_key`, `arrived`, and when it was `pending_delivery` and `handed_over`, in seconds."""
    passes: pl.DataFrame
    """Each with when it `began`, and when its events were `ingested` and `routed`."""
    hand_overs: pl.DataFrame
    """Each with when it `began`, and when its messages were `handed_over`."""


def measured(run: AccountRun, told: Path, pass_log: Path) -> Measured:
    """Joins arrivals to passes (the `processing_at` of an event is the `began` of its pass) and to manifests."""
    arrived = pl.DataFrame(json.loads(told.read_text()), schema=["event_key", "arrived"], orient="row")
    lines = [json.loads(line) for line in pass_log.read_text().splitlines()]
    told_of = pl.DataFrame([{name: line.get(name) for name in LINE} for line in lines], schema=LINE)
    passes, hand_overs = (
        told_of.filter(pl.col("routed").is_not_null()),
        told_of.filter(pl.col("handed_over").is_not_null()),
    )
    with reading(run.store) as session:
        known = "select event_key, epoch_us(processing_at) as pass from event where queue = 'rt' and delivery_id > 0"
        stored = session.connection.sql(known).pl()
    by_pass = passes.select((pl.col("began") * 1e6).round().cast(pl.Int64).alias("pass"), pending_delivery="routed")
    handed = pl.DataFrame(handed_over(run), schema={"event_key": pl.String, "handed_over": pl.Float64}, orient="row")
    events = arrived.join(stored, on="event_key", how="left").join(by_pass, on="pass", how="left")
    return Measured(events.join(handed, on="event_key", how="left"), passes, hand_overs)


def handed_over(run: AccountRun) -> list[tuple[str, float]]:
    """Each event of the outbox with when its batch had its manifest."""
    manifests = run.settings.outbox(run.account.name).glob("*.json")
    told = [(json.loads(path.read_text()), path.stat().st_mtime) for path in manifests]
    return [(key, at) for manifest, at in told for key in manifest["events"].values()]


def latencies(events: pl.DataFrame) -> list[dict[str, Any]]:
    """Milliseconds from arrival, p50, p95, p99 and the longest; and how many events never got there."""
    rows = []
    for reached in ("pending_delivery", "handed_over"):
        took = (events[reached] - events["arrived"]) * 1e3
        known = took.drop_nulls()
        quantiles = {f"p{q}": known.quantile(q / 100, "nearest") for q in QUANTILES}
        rows.append({"from arrival to": reached, **quantiles, "max": known.max(), "missing": took.null_count()})
    return rows


def from_run_to_run(measure: Measured, *, since: float) -> list[dict[str, Any]]:
    """Where one run went on for another: the pause between their passes, and the slowest event that arrived then."""
    passes = (
        measure.passes.filter(pl.col("began") >= since)
        .sort("began")
        .with_columns(before=pl.col("routed").shift(1), other=pl.col("pid") != pl.col("pid").shift(1))
    )
    found = []
    for last, first in passes.filter("other").select("before", "began").rows():
        then = measure.events.filter(pl.col("arrived").is_between(last - 1, first + 1))
        slowest = ((then["pending_delivery"] - then["arrived"]) * 1e3).max()
        found.append({"pause ms": (first - last) * 1e3, "events": then.height, "slowest ms": slowest})
    return found


def step_costs(measure: Measured, *, since: float) -> list[dict[str, Any]]:
    """Milliseconds of the steps of a pass, and of the hand-overs beside them."""
    passes, hand_overs = (each.filter(pl.col("began") >= since) for each in (measure.passes, measure.hand_overs))
    steps = {
        "ingest": passes["ingested"] - passes["began"],
        "route": passes["routed"] - passes["ingested"],
        "hand over": hand_overs["handed_over"] - hand_overs["began"],
    }
    return [
        {"step": name, "p50": (took * 1e3).median(), "p99": (took * 1e3).quantile(0.99, "nearest")}
        for name, took in steps.items()
    ]


def cpu_seconds(passes: pl.DataFrame) -> float:
    """CPU that the runs of the loop took, from the first pass of each to its last."""
    return float(passes.group_by("pid").agg(spent=pl.col("cpu").max() - pl.col("cpu").min())["spent"].sum())
