"""What came of a demonstration, read from where the flows left it."""

from datetime import timedelta
from typing import Final

import polars as pl

from tasks.contracts.demo import DemoNumbers, PrefectCost, Timing
from tasks.demo import START
from tasks.demo_account import account_numbers
from tasks.demo_show import DemoRun
from tasks.settings import Settings
from tasks.stopwatch import Stopwatch
from tasks.store.demo_report import demo_report
from tasks.store.reports import processing_time, service_level

STORIES: Final = {
    "smtp deferred once": "The mail server asks to come back later: the message waits, and goes out two hours on.",
    "smtp unknown mailbox": "The mail server knows no such mailbox: refused within the SMTP dialogue.",
    "smtp cannot text": "A text message for an account whose sender takes mail only.",
    "provider mailbox full": "A soft bounce: delivery failed, until something better is heard.",
    "provider late bounce": "Arrived, bounced after 90 minutes: under one policy that counts, under another not.",
    "provider suppressed": "The provider has the address on its suppression list: ignored by the delivery.",
    "shop.example/orders 1005": "HTML and template code in its data stay what they are: text.",
    "language de_AT": "Austrian German, and the German template fits.",
    "route no language": "No template for Japanese, and none for any language.",
    "route condition not met": "The only template has a condition that this event does not meet.",
    "route paused": "The template it wins is paused: it waits until somebody resumes it.",
    "route expired": "Its expiration had passed when it was processed.",
    "route scheduled soon": "Scheduled for ten o'clock: it waits in the first round, and goes in the second.",
    "render missing variable": "Its template asks for a variable that its data lacks: the log names it.",
}
"""Samples whose whole story is told, with what it shows."""


def demo_numbers(
    settings: Settings, run: DemoRun, watch: Stopwatch, *, seed: int, waited: float, seconds: float
) -> DemoNumbers:
    """Reads the published control data, and puts it beside what the flows counted."""
    published = settings.published_control
    frames = demo_report(published, arrivals_from=START - timedelta(hours=1), story_keys=list(STORIES))
    accounts = tuple(account_numbers(settings, account, frames, run.steps) for account in run.inputs.accounts)
    events = sum(account.files["rows"] for account in accounts)
    timings, prefect = _timings(watch, events), _prefect(watch, waited)
    return DemoNumbers(
        home=settings.home,
        seed=seed,
        generated=run.inputs.generated,
        sample_files=run.inputs.sample_files,
        accounts=accounts,
        timings=timings,
        prefect=prefect,
        seconds=seconds,
        example_event=str(frames["stories"]["event_id"][0]),
        frames={
            **frames,
            "stories": _explained(frames["stories"]),
            "stages": _stage_frame(timings, prefect),
            "service_level": service_level(published),
            "processing_time": processing_time(published),
        },
    )


def _timings(watch: Stopwatch, events: int) -> tuple[Timing, ...]:
    by_stage = [(name, seconds) for (clock, name), seconds in watch.seconds.items() if clock == "stage"]
    return tuple(
        Timing(name, watch.calls["stage", name], seconds, events / seconds if seconds else None)
        for name, seconds in sorted(by_stage, key=lambda timing: -timing[1])
    )


def _prefect(watch: Stopwatch, waited: float) -> PrefectCost:
    flow_runs = watch.count("flow")
    return PrefectCost(waited, watch.recording_seconds(), flow_runs, watch.count("task"))


def _stage_frame(timings: tuple[Timing, ...], prefect: PrefectCost) -> pl.DataFrame:
    work = [(timing.stage.replace("_", " "), timing.seconds, "work") for timing in timings]
    costs = [
        ("waiting for the server's start", prefect.server_start_seconds, "Prefect"),
        (f"recording {prefect.flow_runs} flow and {prefect.task_runs} task runs", prefect.recording_seconds, "Prefect"),
    ]
    return pl.DataFrame(
        [*work, *costs], schema={"stage": pl.String, "seconds": pl.Float64, "kind": pl.String}, orient="row"
    )


def _explained(stories: pl.DataFrame) -> pl.DataFrame:
    order = {key: position for position, key in enumerate(STORIES)}
    return (
        stories.with_columns(
            explanation=pl.col("event_key").replace_strict(STORIES),
            position=pl.col("event_key").replace_strict(order, return_dtype=pl.Int64),
        )
        .sort("position", "account")
        .drop("position")
    )
