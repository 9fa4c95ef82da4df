"""Every flow killed at every step between two durable effects, and hundreds of times at any instant."""

import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest
from crashes.bench import Bench
from crashes.chosen_kills import at_every_effect, at_random

pytestmark = pytest.mark.long
RANDOM_KILLS = int(os.environ.get("MESSAGE_CENTER_KILLS", "300"))
WHOLE_LIVES = max(1, RANDOM_KILLS // 75)
LOGGER = logging.getLogger(__name__)
Trial = Callable[[Bench], list[str]]


@pytest.fixture(scope="module", autouse=True)
def told(benches: list[Bench]) -> Iterator[None]:
    """Writes what was tried to the file that MESSAGE_CENTER_KILLS_REPORT names."""
    start = time.monotonic()
    yield
    effects = [(step.step.flow.name, effect.name) for step in benches[0].steps for effect in step.effects]
    points = [{"flow": flow, "point": name, "times": count} for (flow, name), count in sorted(Counter(effects).items())]
    summary = {
        "kills": sum(bench.kills for bench in benches),
        "fault_points": len(points),
        "effects": len(effects),
        "seconds": round(time.monotonic() - start),
        "points": points,
    }
    if report := os.environ.get("MESSAGE_CENTER_KILLS_REPORT"):
        Path(report).write_text(json.dumps(summary, indent=2))


def test_killed_right_before_and_right_after_every_durable_effect(benches: list[Bench]) -> None:
    steps = benches[0].steps
    chosen = [(number, kills) for number, step in enumerate(steps) for kills in at_every_effect(step)]
    random.Random(7).shuffle(chosen)  # whatever goes wrong shows early
    assert on_all(benches, [lambda bench, n=number, k=kills: bench.disturb(n, k) for number, kills in chosen]) == []


def test_killed_at_any_instant_and_again_while_it_is_made_good(benches: list[Bench]) -> None:
    chance = random.Random(7)
    numbers = [chance.randrange(len(benches[0].steps)) for _ in range(RANDOM_KILLS)]
    chosen = [(number, at_random(benches[0].steps[number], chance)) for number in numbers]
    assert on_all(benches, [lambda bench, n=number, k=kills: bench.disturb(n, k) for number, kills in chosen]) == []


def test_a_life_killed_in_every_step_ends_like_one_that_nobody_disturbed(benches: list[Bench]) -> None:
    lives = [random.Random(seed) for seed in range(WHOLE_LIVES)]
    chosen = [[at_random(step, chance) for step in benches[0].steps] for chance in lives]
    assert on_all(benches, [lambda bench, k=kills: bench.whole_life(k) for kills in chosen]) == []


def on_all(benches: list[Bench], trials: list[Trial]) -> list[str]:
    """Does the trials, on as many benches side by side as there are; returns what went wrong.

    It takes long: `--log-cli-level=INFO` shows how far it is.
    """
    free: SimpleQueue[Bench] = SimpleQueue()
    for bench in benches:
        free.put(bench)

    def on_a_free_one(trial: Trial) -> list[str]:
        bench = free.get()
        try:
            problems = trial(bench)
        finally:
            free.put(bench)
        LOGGER.info("%s kills; %s", sum(one.kills for one in benches), problems or "all well")
        return problems

    with ThreadPoolExecutor(len(benches)) as threads:
        return [problem for problems in threads.map(on_a_free_one, trials) for problem in problems]
