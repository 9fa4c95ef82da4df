"""What is rendered: the deployments of `prefect.yaml` that every account has, the data dictionary, README's picture.

`python -m deployments.render` writes them anew; with `--check` it only tells whether they are up to date.
"""

import argparse
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import yaml

from deployments.account_flows import ACCOUNT_FLOWS, AccountFlow
from deployments.data_flow import with_picture
from tasks.announce import PREFIX, account_resource
from tasks.contracts.accounts import Account
from tasks.contracts.dictionary import dictionary_page
from tasks.contracts.run_limits import MANAGED
from tasks.exchange.roster import load_roster
from tasks.settings import PROJECT

ROSTER = PROJECT / "deployments" / "accounts.toml"
PREFECT_YAML = PROJECT / "prefect.yaml"
DICTIONARY_PAGE = PROJECT / "docs" / "data-dictionary.md"
README = PROJECT / "README.md"
COMMAND = "python -m deployments.render"
BEGIN = f"  # >>> accounts: rendered by `{COMMAND}`, do not edit by hand\n"
END = "  # <<< accounts\n"

FAILED = ("prefect.flow-run.Crashed", "prefect.flow-run.Failed", "prefect.flow-run.TimedOut")
"""Ends of a run that a run which must always go on is started again after."""


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
    blocks = [_block(account, one) for account in accounts for one in ACCOUNT_FLOWS]
    return before + begin + "\n".join(blocks) + end + after


def account_tag(account: str) -> str:
    """Tag of every deployment that works for one account."""
    return f"account:{account}"


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
    page = DICTIONARY_PAGE.read_text(encoding="utf-8") if DICTIONARY_PAGE.exists() else ""
    if options.check and page != dictionary_page():
        sys.stderr.write(f"{DICTIONARY_PAGE} is not what tasks/contracts/dictionary.py makes it. Run: {COMMAND}\n")
        return 1
    readme = README.read_text(encoding="utf-8")
    if options.check and readme != with_picture(readme):
        sys.stderr.write(f"The picture in {README} is not what the statements make it. Run: {COMMAND}\n")
        return 1
    if not options.check:
        _write(options.file, wanted)
        _write(README, with_picture(readme))
        DICTIONARY_PAGE.write_text(dictionary_page(), encoding="utf-8")
    return 0


def _block(account: Account, one: AccountFlow) -> str:
    called = f"{account.name} ({account.label})" if account.label else account.name
    tags = ", ".join(_quoted(tag) for tag in (MANAGED, one.stage, account_tag(account.name)))
    flags = "".join(f", {name}: {str(value).lower()}" for name, value in one.parameters.items())
    interval = one.interval(account) // timedelta(seconds=1)
    anchor = _quoted(one.first_start(account).isoformat())
    return (
        f"  - name: {_quoted(one.deployment_name(account.name))}\n"
        f"    entrypoint: flows.{one.flow}:{one.flow}\n"
        f"    <<: *for_account\n"
        f"    description: {_quoted(one.does.format(called))}\n"
        f"    tags: [{tags}]\n"
        f"    parameters: {{account: {_quoted(account.name)}{flags}}}\n"
        f"{_limit(one)}"
        f"    schedules:\n"
        f"      - {{slug: {one.stage}, interval: {interval}, anchor_date: {anchor}}}\n"
        f"{_triggers(account.name, one)}"
    )


def _triggers(account: str, one: AccountFlow) -> str:
    """What starts a run beside the schedule: news of the account, and a run of its own that failed."""
    name = one.deployment_name(account)
    resource = _quoted(account_resource(account)["prefect.resource.id"])
    lines = [
        f"      - name: {_quoted(f'{name} on {news}')}\n"
        f"        type: event\n"
        f"        expect: [{PREFIX}.{news}]\n"
        f"        match: {{prefect.resource.id: {resource}}}\n"
        for news in one.starts_on
    ]
    if one.starts_again_after:
        lines.append(
            f"      - name: {_quoted(f'{name} again')}\n"
            f"        type: event\n"
            f"        expect: [{', '.join(FAILED)}]\n"
            f"        match_related: {{prefect.resource.role: deployment, prefect.resource.name: {_quoted(name)}}}\n"
            f"        schedule_after: {one.starts_again_after // timedelta(seconds=1)}\n"
        )
    return "    triggers:\n" + "".join(lines) if lines else ""


def _limit(one: AccountFlow) -> str:
    return (
        "" if one.at_once == 1 else f"    concurrency_limit: {{limit: {one.at_once}, collision_strategy: CANCEL_NEW}}\n"
    )


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
