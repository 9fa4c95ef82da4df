"""A flow killed right before and after what it makes durable: its next run leaves what an undisturbed one would."""

import pytest
from crashes.bench import Bench
from crashes.chosen_kills import at_first

POINTS = (
    ("publish-templates", "rename: store/<account>.duckdb"),
    ("ingest-events", "commit: ingesting <file>"),
    ("ingest-events", "replace: inbox/<account>/batch/done/<file>"),
    ("ingest-events", "replace: inbox/<account>/batch/rejected/<file>"),
    ("process-batch-events", "commit: claiming a delivery batch"),
    ("process-batch-events", "rename: outbox/<account>/<batch>.parquet"),
    ("process-batch-events", "rename: outbox/<account>/<batch>.json"),
    ("process-batch-events", "commit: settling a delivery batch"),
    ("deliver-events", "write: outbox/<account>/<batch>.journal.ndjson"),
    ("deliver-events", "commit: settling a delivery batch"),
    ("collect-delivery-logs", "commit: collecting <file>"),
    ("update-event-status", "commit: updating statuses"),
    ("archive-events", "commit: archiving <account>"),
    ("archive-events", "replace: published/control.duckdb"),
)


@pytest.mark.parametrize(("flow", "effect"), POINTS)
def test_the_next_run_makes_good_what_a_kill_cut_short(bench: Bench, flow: str, effect: str) -> None:
    number = next(
        number
        for number, undisturbed in enumerate(bench.steps)
        if undisturbed.step.flow.name == flow and effect in [one.name for one in undisturbed.effects]
    )
    for kills in at_first(bench.steps[number], effect):
        killed_before = bench.kills
        assert bench.disturb(number, kills) == []
        assert bench.kills == killed_before + 1
