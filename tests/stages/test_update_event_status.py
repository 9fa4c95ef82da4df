"""The status join as a stage: what a run leaves for the next one."""

from pathlib import Path

from lives import collect, ingest, process, publish, rows_of, update

from tasks.account_run import AccountRun


def test_a_run_that_finds_nothing_new_does_not_go_back(run: AccountRun, tmp_path: Path) -> None:
    publish(run, [{"template_id": "order"}])
    ingest(run, [{"id": "1", "type": "order", "email": "ada@example.org"}], tmp_path)
    process(run)
    ((event_id,),) = rows_of(run, "select event_id from event")
    collect(run, [{"event_id": str(event_id), "kind": "delivered", "logged_at": run.now}], tmp_path)
    update(run)

    reached = rows_of(run, "select change_seq from watermark")
    assert update(run).log_rows == 0
    assert rows_of(run, "select change_seq from watermark") == reached != [(0,)]
