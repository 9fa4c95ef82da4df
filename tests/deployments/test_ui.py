"""What an operator sees in the Prefect UI, in a real browser."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import CHROMIUM, photographed, shown
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from servers import ask

from deployments.account_flows import ACCOUNT_FLOWS
from deployments.deploy import deploy
from tasks.contracts.accounts import Account
from tasks.settings import PROJECT

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


def test_the_deployments_of_an_account_and_what_a_run_left_can_be_looked_at(
    server: str, roster: tuple[Account, ...], tmp_path: Path
) -> None:
    deploy()
    account = roster[0].name
    archive = [sys.executable, "-m", "deployments.command_line.app", "archive", "--account", account]
    subprocess.run(archive, cwd=PROJECT, env={**os.environ, "PREFECT_API_URL": server}, check=True, capture_output=True)
    ui = server.removesuffix("/api")
    listed = shown(f"{ui}/deployments?limit=100", tmp_path)
    assert [one.prefix for one in ACCOUNT_FLOWS if one.deployment_name(account) not in listed] == []
    key = f"statuses-{account}"
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    artifact = ask(lambda client: client.read_artifacts(artifact_filter=wanted))[0]
    page = shown(f"{ui}/artifacts/artifact/{artifact.id}", tmp_path)
    assert f"Events of account {account} by status" in page
    picture = tmp_path / "runs.png"
    photographed(f"{ui}/runs", tmp_path, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
