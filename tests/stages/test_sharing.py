"""Many processes on one account, and readers that never let go: nobody fails, nothing is lost, all get on."""

from pathlib import Path

import pytest

from bench.sharing import Tally, share, stored_events


def check(tallies: list[Tally], home: Path, *, events: int, preload: int) -> None:
    assert {tally.role: tally.failed for tally in tallies if tally.failed} == {}
    by_role = {role: [tally for tally in tallies if tally.role.startswith(role)] for role in ("writer", "reader", "ar")}
    written = [tally.done for tally in by_role["writer"]]
    assert all(written)
    assert stored_events(home) == preload + events * sum(written)
    assert all(tally.done for tally in by_role["ar"])
    assert len(by_role["reader"]) == 4
    for reader in by_role["reader"]:
        assert reader.answers == sorted(reader.answers)
        assert reader.answers[0] >= preload
        if reader.role == "reader that stays":
            assert set(reader.answers) == {preload}  # the edition that it opened, to the end


def test_writers_and_readers_do_not_get_in_each_others_way(tmp_path: Path) -> None:
    check(share(tmp_path, seconds=3, writers=3, events=100, preload=500), tmp_path, events=100, preload=500)


@pytest.mark.long
def test_eight_writers_and_four_readers_for_two_minutes(tmp_path: Path) -> None:
    tallies = share(tmp_path, seconds=120, writers=8, events=1_000, preload=50_000)
    check(tallies, tmp_path, events=1_000, preload=50_000)
