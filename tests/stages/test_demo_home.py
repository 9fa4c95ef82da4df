"""The demonstration empties its own home, and nobody else's."""

import os
from pathlib import Path

import pytest

from tasks.demo_home import IN_A_DEMO, MARKER, NotADemoError, copy_samples, fresh_home, make_roster
from tasks.exchange.demonstration.receiving_server import ReceivingServer
from tasks.settings import Settings
from tasks.store.lock import StoreBusyError


def test_its_own_home_is_made_afresh(tmp_path: Path) -> None:
    with fresh_home(tmp_path / "demo") as home:
        (home / "leftover").write_text("of the last run")
        assert Settings().home == home
        assert IN_A_DEMO.get()
    with fresh_home(tmp_path / "demo") as home:
        assert [path.name for path in home.iterdir()] == [MARKER]
    assert os.environ.get("MESSAGE_CENTER_HOME") != str(home)
    assert not IN_A_DEMO.get()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_its_own_is_left_alone(tmp_path: Path, kind: str) -> None:
    there = tmp_path / "demo"
    if kind == "folder":
        there.mkdir()
        (there / "precious").write_text("data")
    elif kind == "file":
        there.write_text("data")
    else:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / MARKER).touch()
        there.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotADemoError, match="Move it aside"), fresh_home(there):
        pass
    assert there.exists()
    assert kind != "folder" or (there / "precious").exists()
    assert kind != "link" or (tmp_path / "elsewhere" / MARKER).exists()


def test_two_demonstrations_do_not_share_a_home(tmp_path: Path) -> None:
    with (
        fresh_home(tmp_path / "demo"),
        pytest.raises(StoreBusyError, match="a demonstration"),
        fresh_home(tmp_path / "demo"),
    ):
        pass


def test_it_has_the_projects_accounts_and_all_samples_in_their_inboxes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    accounts = make_roster(settings, ReceivingServer(tmp_path / "taken.ndjson", host="127.0.0.1", port=4_025))
    assert {account.name: account.sender for account in accounts} == {
        "retail": "smtp", "travel": "outbox", "bank": "outbox",
    }  # fmt: skip
    assert accounts[0].smtp.port == 4_025
    assert accounts[0].smtp.sender_address == "shop@retail.example"
    copied = copy_samples(settings, accounts)
    assert copied == len([path for path in (tmp_path / "inbox").rglob("*") if path.is_file()]) > 20
    assert (settings.inbox("bank", "batch") / "routing.ndjson").exists()
