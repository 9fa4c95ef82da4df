"""Every pair of kinds under every policy, in any order: the reference's status, and the same for both orders."""

import json
import random
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import NOW, TEMPLATE, Command, CommandLine, event, lines
from reference_life import KINDS, Event, Life, LogRow

PAIRS = list(product(KINDS, KINDS))
AT = datetime.fromisoformat(NOW)


def log_rows(ids: dict[str, int]) -> list[LogRow]:
    """For each pair, one event that had them a minute apart, and one that had them at one instant."""
    rows = []
    for (first, second), apart in product(PAIRS, (1, 0)):
        event_id = ids[f"{first} {second} {apart}"]
        rows.append(LogRow(event_id, None, None, first, AT, f"first {first}", "1"))
        rows.append(LogRow(event_id, None, None, second, AT + timedelta(minutes=apart), f"second {second}", "2"))
    return rows


def live(command: Command, home: Path, account: str, seed: int) -> tuple[dict[str, int], dict[str, tuple[Any, ...]]]:
    """One account's life: half of the logs, a run, the other half, another run. Its ids and its outcomes by key."""
    folder = home.parent
    keys = [event(f"{first} {second} {apart}") for (first, second), apart in product(PAIRS, (1, 0))]
    common = ("--account", account, "--now", NOW)
    command("ingest", *common, lines(folder / "events.ndjson", keys), home=home)
    command("process", *common, "--queue", "batch", home=home)
    stored = CommandLine(home).store(account, "select event_key, event_id from event")
    ids = {row["event_key"]: row["event_id"] for row in stored}
    rows = [vars(row) | {"logged_at": row.logged_at.isoformat()} for row in log_rows(ids)]
    random.Random(seed).shuffle(rows)
    for part in (rows[::2], rows[1::2]):
        path = folder / f"{account}-{part[0]['event_id']}-{part[0]['source_id']}.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in part))
        command("logs", "--account", account, path, home=home)
        assert command("update-status", *common, home=home).code == 0
    events = CommandLine(home).store(account, "select event_key, status, reason, processed_at from event")
    return ids, {row["event_key"]: (row["status"], row["reason"], row["processed_at"]) for row in events}


@pytest.mark.parametrize(
    ("policy", "accepted_means_sent"),
    [("message-center", False), ("message-center", True), ("first-final-wins", False), ("best-wins", True)],
)
def test_a_status_follows_the_policy_whatever_the_order_of_logs(
    command: Command, tmp_path: Path, policy: str, accepted_means_sent: bool
) -> None:
    home = tmp_path / "home"
    for account in ("one", "two"):
        command("accounts", "add", account, home=home)
    roster = (home / "accounts.toml").read_text()
    rules = f'\npolicy = "{policy}"\naccepted_means_sent = {str(accepted_means_sent).lower()}\n'
    for account in ("one", "two"):
        roster = roster.replace(f'name = "{account}"\n', f'name = "{account}"{rules}')
    (home / "accounts.toml").write_text(roster)
    command("templates", "publish", lines(tmp_path / "templates.ndjson", [TEMPLATE]), home=home)
    ids, outcomes = live(command, home, "one", seed=1)
    _, others = live(command, home, "two", seed=2)
    assert outcomes == others

    life = Life(policy, accepted_means_sent=accepted_means_sent)
    apart = {key: at for key, at in ids.items() if key.endswith("1")}
    for key, event_id in apart.items():
        known = Event(key, "batch", "", "", {}, {}, None, None, "", status="pending_delivery", template_id="hello")
        life.events[(key,)] = life.ids[event_id] = known
    life.log(row for row in log_rows(ids) if row.event_id in life.ids)
    life.update_status()
    for (key,), known in life.events.items():
        status, reason, processed_at = outcomes[key]
        assert (status, processed_at) == (known.status, known.processed_at), key
        assert reason in known.reasons, key
