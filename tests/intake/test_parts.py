"""What the intake is made of, alone: blocks of ids, groups of calls, the ledger of answers."""

import asyncio
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks import event_ids
from tasks.account_run import AccountRun
from tasks.event_ids import EventIds, NoIdsError
from tasks.exchange.intake.answers import KEPT, Answers
from tasks.groups import Groups
from tasks.store.lock import lock

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def wait_for_fetch() -> None:
    for thread in threading.enumerate():
        if thread.name == "event ids":
            thread.join(10)


def test_a_new_block_of_ids_is_fetched_before_the_last_is_used_up(
    run: AccountRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_ids, "BLOCK", 10)
    ids = EventIds(run)
    ids.fetch()
    taken: list[int] = []
    for _ in range(30):
        taken += ids.take(2)
        wait_for_fetch()
    assert len(set(taken)) == 60
    assert taken == sorted(taken)


def test_without_ids_at_hand_nobody_waits_and_the_reason_is_told(
    run: AccountRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_ids, "BLOCK", 10)
    ids = EventIds(run)
    with lock(run.store.lock_path, exclusive=True, wait_seconds=1, purpose="in the way"):
        began = time.monotonic()
        with pytest.raises(NoIdsError):
            ids.take(1)
        assert time.monotonic() - began < 1
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert len(ids.take(3)) == 3
        except NoIdsError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("no ids came")


def test_a_call_that_fails_costs_no_other_of_its_group() -> None:
    groups: list[int] = []

    def commit(items: Sequence[int]) -> list[int]:
        groups.append(len(items))
        time.sleep(0.05)
        if 3 in items:
            raise ValueError("three")
        return [item * 10 for item in items]

    async def calls() -> list[int | BaseException]:
        together: Groups[int, int] = Groups(commit)
        told = await asyncio.gather(*(together.add(item) for item in range(6)), return_exceptions=True)
        await together.ended()
        return told

    told = asyncio.run(calls())
    assert [one for one in told if isinstance(one, int)] == [0, 10, 20, 40, 50]
    assert isinstance(told[3], ValueError)
    assert max(groups) > 1


def test_answers_are_kept_for_a_week_and_the_first_one_stays(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers.sqlite")
    answers.keep_ids("alpha", {"a": 1}, now=NOW)
    answers.keep_ids("alpha", {"a": 2, "b": 3}, now=NOW + timedelta(days=1))
    answers.keep_answer("alpha", "k", request="r", status=202, response="first", now=NOW)
    answers.keep_answer("alpha", "k", request="other", status=202, response="second", now=NOW)
    assert answers.known_ids("alpha", ["a", "b", "c"]) == {"a": 1, "b": 3}
    assert answers.known_ids("beta", ["a"]) == {}
    assert answers.answer("alpha", "k") == ("r", 202, "first")
    answers.forget_old(now=NOW + KEPT)
    assert answers.known_ids("alpha", ["a"]) == {"a": 1}
    answers.forget_old(now=NOW + KEPT + timedelta(seconds=1))
    assert answers.known_ids("alpha", ["a", "b"]) == {"b": 3}
    assert answers.answer("alpha", "k") is None
    answers.close()
