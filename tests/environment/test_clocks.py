"""A clock that jumps back: nothing lost, statuses and archive still right."""

from lives import rows_of, statuses
from restored_lives import archive, begin, later, outcome, put_events, put_logs, unequal_tables, work

from tasks.account_run import AccountRun


def test_a_clock_that_goes_back_an_hour_loses_nothing(run: AccountRun) -> None:
    begin(run)
    put_events(run, "a", range(10), queue="rt")
    work(run)
    put_logs(run, "a", range(5), "delivered")
    work(run)
    archive(run)
    put_events(run, "b", range(10, 15), queue="rt")
    before = later(run, -1)
    work(before)
    put_events(before, "c", range(20, 25), queue="rt", scheduled=later(run, 1).now.isoformat())
    put_logs(before, "b", range(5, 15), "bounced")
    work(before)
    archive(before)
    assert unequal_tables(run) == []
    assert statuses(run)["key-22"] == ("pending", None)
    work(later(run, 2))
    put_logs(run, "c", range(20, 25), "delivered")
    work(later(run, 2))
    archive(later(run, 2))
    assert unequal_tables(run) == []
    told = outcome(run)
    assert {key: status for key, (status, *_) in told.items()} == {
        **{f"key-{key}": "sent" for key in (*range(5), *range(20, 25))},
        **{f"key-{key}": "delivery_failed" for key in range(5, 15)},
    }
    assert {sent for *_, sent in told.values()} == {1}
    assert rows_of(run, "select count(*) from delivery_log where not applied") == [(0,)]
