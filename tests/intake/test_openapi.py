"""Calls made up from our own OpenAPI description: none may surprise the service, or be answered otherwise."""

import os
import subprocess
import sys
from pathlib import Path

from intake_service import RunningIntake

EXAMPLES = os.environ.get("MESSAGE_CENTER_API_EXAMPLES", "40")
CONFIG = """
[parameters]
"path.account" = "alpha"
"path.event_id" = "{event_id}"
"query.schema" = "nms:rtEvent"
"""


def test_made_up_calls_are_answered_as_described(shared: RunningIntake, tmp_path: Path) -> None:
    event = shared.push({"type": "order", "email": "ada@example.org", "id": "known"}).json()["events"][0]
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(event_id=event["event_id"]))
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run",
        f"{shared.url}/openapi.json", "--max-examples", EXAMPLES, "--header", f"Authorization: Bearer {shared.token}",
        "--checks", "all", "--seed", "7", "--no-color",
        # Our rules say more than a schema can, and take a number for a text.
        "--exclude-checks", "positive_data_acceptance,negative_data_rejection",
        # A SOAP fault is an answer of status 500 by its standard.
        "--exclude-path", "/nl/jsp/soaprouter.jsp",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
