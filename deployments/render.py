"""The archiving deployments of `prefect.yaml`, one per account, rendered from the roster.

`python -m deployments.render` writes them anew; with `--check` it only tells whether they are up to date.
"""

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tasks.contracts.accounts import Account
from tasks.exchange.roster import load_roster
from tasks.settings import PROJECT

ROSTER = PROJECT / "deployments" / "accounts.toml"
PREFECT_YAML = PROJECT / "prefect.yaml"
COMMAND = "python -m deployments.render"
BEGIN = f"  # >>> accounts: rendered by `{COMMAND}`, do not edit by hand\n"
END = "  # <<< accounts\n"

MANAGED = "managed-by:message-center"
"""Tag of every deployment that this project makes."""
ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
"""All schedules count from here, so that rendering or deploying again never moves them."""
MINUTE_RADICES = (2, 2, 3, 5)
"""Their product is 60: digits in these radices, read backwards, put each number far from the ones before it."""


class MarkersMissingError(ValueError):
    """The text has no place for the account blocks."""


def render(accounts: Iterable[Account], text: str) -> str:
    """The text of `prefect.yaml` with its account blocks made from the roster; all else stays as it is.

    Raises:
        MarkersMissingError: One of the two marker lines is missing, or they are out of order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise MarkersMissingError(f"prefect.yaml needs these two lines, in this order:\n{BEGIN}{END}")
    return before + begin + "\n".join(_block(account) for account in accounts) + end + after


def deployment_name(account: str) -> str:
    """The name that Message Center gives the archiving workflow of an account."""
    return f"mcSynch_{account}"


def account_tag(account: str) -> str:
    """Tag of every deployment that works for one account."""
    return f"account:{account}"


def first_start(account: Account) -> datetime:
    """Where the account's archiving schedule begins to count.

    It depends on the account alone, so other accounts may come and go. Cells below 60 have a part of the interval
    and a second of the minute to themselves: with intervals of whole minutes no two of them ever start together,
    and hourly ones start in different minutes.
    """
    cell = account.cell_id
    minutes = account.archive_every * _spread(cell % 60) // timedelta(hours=1)
    seconds = (cell % 60 + 20 * (cell // 60)) % 60
    return ANCHOR + timedelta(minutes=minutes, seconds=seconds)


def refresh(roster: Path) -> bool:
    """Renders the project's `prefect.yaml` anew where this roster is the project's own; tells whether it changed."""
    return roster == ROSTER and _write(PREFECT_YAML, render(load_roster(ROSTER), PREFECT_YAML.read_text("utf-8")))


def main(arguments: list[str] | None = None) -> int:
    """Renders, or checks; returns the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the file is out of date")
    parser.add_argument("--roster", type=Path, default=ROSTER)
    parser.add_argument("--file", type=Path, default=PREFECT_YAML)
    options = parser.parse_args(arguments)
    text = options.file.read_text(encoding="utf-8")
    wanted = render(load_roster(options.roster), text)
    if options.check and wanted != text:
        sys.stderr.write(f"{options.file} is not what {options.roster} makes it. Run: {COMMAND}\n")
        return 1
    if not options.check:
        _write(options.file, wanted)
    return 0


def _block(account: Account) -> str:
    called = f" ({account.label})" if account.label else ""
    description = f"Archives execution account {account.name}{called} to the control store."
    tags = ", ".join(_quoted(tag) for tag in (MANAGED, "archive", account_tag(account.name)))
    interval = account.archive_every // timedelta(seconds=1)
    anchor = _quoted(first_start(account).isoformat())
    return (
        f"  - name: {_quoted(deployment_name(account.name))}\n"
        f"    <<: *archiving\n"
        f"    description: {_quoted(description)}\n"
        f"    tags: [{tags}]\n"
        f"    parameters: {{account: {_quoted(account.name)}}}\n"
        f"    schedules:\n"
        f"      - {{slug: archive, interval: {interval}, anchor_date: {anchor}}}\n"
    )


def _spread(number: int) -> int:
    """A permutation of 0..59 whose beginnings are spread evenly: 0, 30, 15, 45, 5, 35, ..."""
    place, step = 0, 60
    for radix in MINUTE_RADICES:
        step //= radix
        number, digit = divmod(number, radix)
        place += digit * step
    return place


def _quoted(text: str) -> str:
    """A YAML scalar that stays text whatever it looks like."""
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=sys.maxsize).removesuffix("\n")


def _write(path: Path, text: str) -> bool:
    if path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
