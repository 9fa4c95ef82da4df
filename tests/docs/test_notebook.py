"""The notebook runs over a real archive, and its numbers are the archive's."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from lives import ingest, process, publish

from tasks.account_run import AccountRun
from tasks.archive_events import archive_events
from tasks.publish_control import publish_control

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebook.py"


def test_it_runs_over_the_archive(run: AccountRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(run, [{"template_id": "order"}])
    rows = [{"id": str(n), "type": "order" if n % 2 else "none", "email": "a@b.example"} for n in range(7)]
    ingest(run, rows, tmp_path)
    process(run)
    archive_events(run.settings, run.account, now=run.now)
    publish_control(run.settings)
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(run.settings.home))
    _, found = runpy.run_path(str(NOTEBOOK))["app"].run()
    assert found["level"]["incoming_volume"].to_list() == [7]
    assert found["answer"].rows() == [
        ("not_taken_into_account", "unknown_event_type", 4),
        ("pending_delivery", None, 3),
    ]


def test_without_an_archive_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {**os.environ, "MESSAGE_CENTER_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, NOTEBOOK], env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
