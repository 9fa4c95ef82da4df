from datetime import datetime, timedelta
from itertools import combinations
from math import gcd
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.account_flows import ACCOUNT_FLOWS, ARCHIVE, AccountFlow
from deployments.render import (
    BEGIN,
    COMMAND,
    END,
    PREFECT_YAML,
    ROSTER,
    MarkersMissingError,
    main,
    refresh,
    render,
)
from deployments.wanted import wanted_deployments
from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account, load_roster

TEXT = f"before\n{BEGIN}old blocks\n{END}after\n"
MINUTE = timedelta(minutes=1)


def starts(account: Account, day: datetime, one: AccountFlow = ARCHIVE) -> set[datetime]:
    """Every start of one day."""
    start, every = one.first_start(account), one.interval(account)
    start += (day - start) // every * every
    count = timedelta(days=1) // every + 2
    instants = (start + number * every for number in range(count))
    return {instant for instant in instants if day <= instant < day + timedelta(days=1)}


def test_prefect_yaml_is_what_the_roster_makes_it() -> None:
    assert PREFECT_YAML.read_text(encoding="utf-8") == render(
        load_roster(ROSTER), PREFECT_YAML.read_text(encoding="utf-8")
    ), f"Run: {COMMAND}"


def test_a_new_account_makes_the_check_fail_until_it_is_rendered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster, file = tmp_path / "accounts.toml", tmp_path / "prefect.yaml"
    roster.write_bytes(ROSTER.read_bytes())
    file.write_bytes(PREFECT_YAML.read_bytes())
    here = ["--roster", str(roster), "--file", str(file)]
    assert main(["--check", *here]) == 0
    add_account(roster, Account(name="added", cell_id=77))
    assert main(["--check", *here]) == 1
    assert COMMAND in capsys.readouterr().err
    assert "added" not in file.read_text()
    assert main(here) == 0
    assert main(["--check", *here]) == 0
    assert "mcSynch_added" in file.read_text()


def test_a_roster_elsewhere_leaves_the_projects_file_alone(tmp_path: Path) -> None:
    add_account(tmp_path / "accounts.toml", Account(name="added", cell_id=77))
    assert refresh(tmp_path / "accounts.toml") is False
    assert "mcSynch_added" not in PREFECT_YAML.read_text(encoding="utf-8")


def test_only_what_is_between_the_markers_changes() -> None:
    rendered = render([Account(name="a", cell_id=1)], TEXT)
    assert rendered.startswith(f"before\n{BEGIN}")
    assert rendered.endswith(f"{END}after\n")
    assert "old blocks" not in rendered
    assert render([Account(name="a", cell_id=1)], rendered) == rendered


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN])
def test_a_file_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(MarkersMissingError, match="these two lines"):
        render([], text)


@pytest.mark.parametrize("name", ["null", "1e3", "007", "yes", "A-b_c"])
@pytest.mark.parametrize("label", ['quote " and \\', "{a: b} # c", "Zürich 🎉", "x\ny\u2028z", ""])
def test_names_and_labels_stay_text_whatever_they_look_like(name: str, label: str) -> None:
    account = Account(name=name, label=label, cell_id=5)
    rendered = wanted_deployments([account], PREFECT_YAML.read_text("utf-8"))[-len(ACCOUNT_FLOWS) :]
    assert [each.name for each in rendered] == [one.deployment_name(name) for one in ACCOUNT_FLOWS]
    for each in rendered:
        assert each.parameters["account"] == name
        assert each.description is not None
        assert label in each.description


def test_no_two_accounts_of_the_roster_start_in_the_same_minute() -> None:
    day = datetime.fromisoformat("2026-11-23T00:00:00Z")
    minutes = [instant.replace(second=0) for account in load_roster(ROSTER) for instant in starts(account, day)]
    assert len(minutes) >= 24
    assert len(set(minutes)) == len(minutes)


def test_sixty_hourly_accounts_have_a_minute_of_the_hour_each() -> None:
    day = datetime.fromisoformat("2026-11-23T00:00:00Z")
    accounts = [Account(name=f"a{cell}", cell_id=cell) for cell in range(60)]
    minutes = [instant.replace(second=0) for account in accounts for instant in starts(account, day)]
    assert len(set(minutes)) == len(minutes) == 60 * 24


@pytest.mark.parametrize("count", [2, 3, 4, 6, 12, 30])
def test_few_accounts_are_spread_over_the_whole_interval(count: int) -> None:
    accounts = [Account(name=f"a{cell}", cell_id=cell) for cell in range(count)]
    offsets = sorted(
        (ARCHIVE.first_start(account) - ARCHIVE.first_start(accounts[0])) % timedelta(hours=1) for account in accounts
    )
    gaps = [later - earlier for earlier, later in zip(offsets, [*offsets[1:], timedelta(hours=1)], strict=True)]
    assert max(gaps) <= timedelta(hours=1) / count * 2 + MINUTE
    assert min(gaps) >= timedelta(hours=1) / count / 2


def test_all_cells_start_at_different_seconds() -> None:
    accounts = [Account(name=f"a{cell}", cell_id=cell) for cell in range(128)]
    assert (
        len(
            {
                (ARCHIVE.first_start(account) - ARCHIVE.first_start(accounts[0])) % timedelta(hours=1)
                for account in accounts
            }
        )
        == 128
    )


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.integers(0, 59), st.integers(1, 2 * 24 * 60).map(lambda minutes: minutes * MINUTE), min_size=2)
)
def test_accounts_with_different_intervals_never_start_together(intervals: dict[int, timedelta]) -> None:
    accounts = [Account(name=f"a{cell}", cell_id=cell, archive_every=every) for cell, every in intervals.items()]
    second = timedelta(seconds=1)
    for one, other in combinations(accounts, 2):
        apart = (ARCHIVE.first_start(one) - ARCHIVE.first_start(other)) // second
        assert apart % gcd(one.archive_every // second, other.archive_every // second) != 0


def test_twelve_accounts_never_start_any_two_of_their_flows_together() -> None:
    day = datetime.fromisoformat("2026-11-23T00:00:00Z")
    accounts = [Account(name=f"a{cell}", cell_id=cell) for cell in range(12)]
    instants = [instant for account in accounts for one in ACCOUNT_FLOWS for instant in starts(account, day, one)]
    assert len(instants) == 12 * (24 * 6 + 2 * 24 * 12 + 24 + 1)
    assert len(set(instants)) == len(instants)


@pytest.mark.parametrize("cell", [0, 11, 12, 59, 60, 100, 127])
def test_the_flows_of_one_account_start_at_different_seconds(cell: int) -> None:
    account = Account(name="a", cell_id=cell)
    assert len({one.first_start(account).second for one in ACCOUNT_FLOWS}) == len(ACCOUNT_FLOWS)


@pytest.mark.parametrize("one", ACCOUNT_FLOWS, ids=lambda one: one.prefix)
def test_sixty_accounts_never_start_the_same_flow_together(one: AccountFlow) -> None:
    firsts = [one.first_start(Account(name=f"a{cell}", cell_id=cell)) for cell in range(60)]
    assert len({first.second for first in firsts}) == 60


def test_purges_start_at_night() -> None:
    purge = ACCOUNT_FLOWS[-1]
    hours = {purge.first_start(Account(name=f"a{cell}", cell_id=cell)).hour for cell in range(128)}
    assert (purge.prefix, hours) == ("cleanup", {1, 2, 3, 4})
