import pytest

from tasks.faults import Faults, PersistentFaultError

ERROR = OSError("no room")


def test_a_fault_is_tried_again_later_and_later_and_what_passes_is_forgotten() -> None:
    faults = Faults()
    assert [faults.failed(ERROR, at=0) for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    faults.passed()
    assert faults.failed(ERROR, at=1_000) == 0.5
    assert faults.total == 8


def test_a_fault_that_stays_for_a_minute_ends_the_run_and_says_what_to_do() -> None:
    faults, at = Faults(), 0.0
    with pytest.raises(PersistentFaultError, match=r"no room.*message-center doctor") as told:
        while True:
            at += faults.failed(ERROR, at=at)
    assert 60 <= at < 80
    assert told.value.__cause__ is ERROR


def test_many_faults_within_a_minute_are_no_reason_to_give_up() -> None:
    faults = Faults()
    for _ in range(50):
        faults.failed(ERROR, at=59)
