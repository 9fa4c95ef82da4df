"""A flow killed right before and after what it makes durable: its next run leaves what an undisturbed one would."""

import pytest
from crashes.bench import Bench
from crashes.chosen_kills import at_first, round_of_several_batches

POINTS = (
    ("ingest-events alpha", "commit: ingesting <n> files"),
    ("ingest-events alpha", "replace: inbox/<account>/batch/done/<file>"),
    ("process-batch-events alpha", "commit: routing batch events"),
    ("process-batch-events alpha", "commit: claiming delivery batches"),
    ("process-batch-events alpha", "rename: outbox/<account>/<batch>.json"),
    ("process-batch-events alpha", "commit: settling delivery batches"),
    ("deliver-events bravo", "write: outbox/<account>/<batch>.journal.ndjson"),
    ("update-event-status alpha", "commit: updating statuses"),
    ("archive-events bravo", "commit: archiving <account>"),
    ("archive-events bravo", "replace: published/control.duckdb"),
)


@pytest.mark.parametrize(("step", "effect"), POINTS)
def test_the_next_run_makes_good_what_a_kill_cut_short(bench: Bench, step: str, effect: str) -> None:
    number = next(
        number
        for number, undisturbed in enumerate(bench.steps)
        if undisturbed.step.name == step and effect in [one.name for one in undisturbed.effects]
    )
    if "outbox" in effect or "delivery batches" in effect:
        assert round_of_several_batches(bench.steps[number]), "a kill is to leave a round half done"
    for kills in at_first(bench.steps[number], effect):
        killed_before = bench.kills
        assert bench.disturb(number, kills) == []
        assert bench.kills == killed_before + 1
