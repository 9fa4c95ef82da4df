"""Which kills are tried: at every effect, at random instants, and again while what was killed is made good."""

import random
from collections.abc import Iterator
from itertools import pairwise

from crashes.bench import Undisturbed
from crashes.trials import Kill, KillAfter
from crashes.watcher import KillAt

Kills = tuple[Kill, ...]
BATCH_BEGINS = ("write: outbox/<account>/.<batch>.parquet.tmp", "create: outbox/<account>/<batch>.journal.ndjson")


def at_every_effect(step: Undisturbed) -> Iterator[Kills]:
    """Between any two effects of a step, before the first and after the last.

    Right after an effect is right before the next one, except after a commit, when DuckDB goes on to fold its log in.
    """
    last = len(step.effects) - 1
    for number, effect in enumerate(step.effects):
        yield (KillAt(number, "before"),)
        if number == last or effect.name.startswith("commit"):
            yield (KillAt(number, "after"),)


def at_first(step: Undisturbed, name: str) -> Iterator[Kills]:
    """Right before and right after the first effect of that name, of those in a round of several batches if any is."""
    numbers = [number for number, effect in enumerate(step.effects) if effect.name == name]
    round_ = round_of_several_batches(step)
    number = next((number for number in numbers if number in round_), numbers[0])
    yield (KillAt(number, "before"),)
    yield (KillAt(number, "after"),)


def round_of_several_batches(step: Undisturbed) -> range:
    """The effects of the first round that hands several batches over, from its claim on."""
    names = [effect.name for effect in step.effects]
    claims = [number for number, name in enumerate(names) if name == "commit: claiming delivery batches"]
    for start, end in pairwise([*claims, len(names)]):
        if sum(name in BATCH_BEGINS for name in names[start:end]) > 1:
            return range(start, end)
    return range(0)


def at_random(step: Undisturbed, chance: random.Random) -> Kills:
    """Once to three times: at any instant, in the midst of a commit and what DuckDB does after it, or at an effect."""
    kills = [_within(step, chance) if chance.random() < 1 / 3 else _any_instant(step, chance)]
    while chance.random() < 1 / 3 and len(kills) < 3:
        kills.append(
            _any_effect(step, chance) if step.effects and chance.random() < 1 / 2 else _any_instant(step, chance)
        )
    return tuple(kills)


def _any_instant(step: Undisturbed, chance: random.Random) -> Kill:
    return KillAfter(chance.uniform(0, step.seconds))


def _any_effect(step: Undisturbed, chance: random.Random) -> Kill:
    return KillAt(chance.randrange(len(step.effects)), chance.choice(["before", "after"]))


def _within(step: Undisturbed, chance: random.Random) -> Kill:
    commits = [number for number, effect in enumerate(step.effects) if effect.name.startswith("commit")]
    if not commits:
        return _any_instant(step, chance)
    number = chance.choice(commits)
    return KillAt(number, "within", chance.uniform(0, 3 * step.effects[number].seconds))
