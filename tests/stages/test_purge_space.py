"""Rounds of fill and purge: the files stay as large as what is kept, and give space back when little is."""

from datetime import timedelta

import pytest

from bench.purge_rounds import START, Round, one_round
from tasks.settings import Settings

PAUSE = 365
BLOCK = 2**18  # bytes


def lived(settings: Settings, rounds: int, events: int) -> list[Round]:
    """So many days with events, and one after a year without."""
    done = [one_round(settings, number, START + timedelta(days=number), events) for number in range(rounds)]
    return [*done, one_round(settings, rounds, START + timedelta(days=rounds + PAUSE), 0)]


def test_a_store_that_was_emptied_gives_its_space_back(settings: Settings) -> None:
    *_, full, emptied = lived(settings.model_copy(update={"compact_free_bytes": 2**20}), 1, 20_000)
    assert (full.events_here, full.events_archived) == (20_000, 20_000)
    assert (emptied.events_here, emptied.events_archived, emptied.rewritten) == (0, 0, 2)
    assert emptied.account_bytes < full.account_bytes / 2  # the ledger of keys stays
    assert emptied.control_bytes < full.control_bytes / 2


@pytest.mark.long
@pytest.mark.parametrize("free_bytes", [2**22, 2**40], ids=["written anew where half is free", "blocks reused only"])
def test_fifty_rounds_of_fill_and_purge_do_not_make_a_store_grow(settings: Settings, free_bytes: int) -> None:
    *days, emptied = lived(settings.model_copy(update={"compact_free_bytes": free_bytes}), 50, 20_000)
    early, late = days[10:20], days[20:]
    keys = len(late) * 20_000 * 24  # bytes, at most, by which the ledger of keys grows: it outlives its events
    last_of_a_day = 1  # its status was decided after midnight
    kept = (100_000 + last_of_a_day, 200_000 + last_of_a_day)
    assert {(day.events_here, day.events_archived) for day in late} == {kept}
    assert max(day.account_bytes for day in late) < 1.1 * max(day.account_bytes for day in early) + keys
    assert max(day.control_bytes for day in late) < 1.1 * max(day.control_bytes for day in early)
    assert (emptied.events_here, emptied.events_archived) == (0, 0)
    if free_bytes < 2**30:
        assert emptied.control_bytes < 10 * BLOCK  # no row but the notes of what the next publication is to leave out
