"""The check-up of a home: every store read, every promise counted, and what to do about what is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import dataframely as dy
import polars as pl

from tasks.check_findings import account_findings, archive_findings, control_findings, published_findings
from tasks.contracts.accounts import Account
from tasks.contracts.back_up_store import CONTROL
from tasks.contracts.check_stores import ArchivedUpto, Finding, Limits
from tasks.exchange.check_stores import dead_holders, is_delivering, leftovers, room, unowned_stores
from tasks.exchange.roster import RosterError, load_roster
from tasks.settings import Settings
from tasks.store.check_stores import account_facts, control_facts, published_upto, see_store
from tasks.store.connection import StoreFile
from tasks.store.lock import StoreBusyError
from tasks.store.published import NothingPublishedError
from tasks.store.store_errors import StoreUnreadableError, StoreVersionError

STUCK_DAYS: Final = 7
WAITING_HOURS: Final = 1


@dataclass(frozen=True)
class CheckUp:
    """How to look."""

    settings: Settings
    now: datetime
    stuck_days: int = STUCK_DAYS
    waiting_hours: int = WAITING_HOURS

    def limits(self, account: Account) -> Limits:
        """From when on things are worth telling."""
        return Limits(
            now=self.now,
            stuck_before=self.now - timedelta(days=self.stuck_days),
            waiting_before=self.now - timedelta(hours=self.waiting_hours),
            parked_before=self.now - timedelta(days=account.parked_limit_days),
        )


def check_stores(check: CheckUp, name: str | None = None) -> list[Finding]:
    """Checks an account, or all of a home; changes nothing, and lets the flows go on.

    Returns:
        What was found, the worst first.
    """
    findings = list(_findings(check, name))
    return sorted(findings, key=lambda finding: ("error", "warning", "note").index(finding.severity))


def _findings(check: CheckUp, name: str | None) -> Iterator[Finding]:
    settings = check.settings
    try:
        roster = load_roster(settings.roster_path)
    except RosterError as error:
        yield Finding("error", str(settings.roster_path), str(error), "Mend the file, or put a copy in its place.")
        return
    control = StoreFile(settings.control_store, "control", settings.lock_wait_seconds)
    found, upto = _control(control, {account.name for account in roster})
    yield from found
    for account in roster:
        if name in {None, account.name}:
            yield from _account(check, account, upto)
    if name is None:
        yield from _published(settings, upto)
        yield from unowned_stores(settings.home, {account.name for account in roster})
        if settings.home.exists():
            yield from room(settings.home)
            yield from leftovers(settings.home)
            yield from dead_holders(settings.home)


def _control(control: StoreFile, accounts: set[str]) -> tuple[list[Finding], dy.DataFrame[ArchivedUpto]]:
    nothing = ArchivedUpto.create_empty()
    if not control.path.exists():
        told = "nothing is archived yet: there is no control store"
        return [Finding("note", str(control.path), told, "message-center archive --account NAME")], nothing
    findings, is_usable = _seen(control, CONTROL)
    if not is_usable:
        return findings, nothing
    try:
        facts = control_facts(control)
    except (StoreBusyError, StoreUnreadableError) as error:
        return [*findings, _unusable(control, error, CONTROL)], nothing
    return [*findings, *control_findings(facts, accounts)], facts.upto


def _account(check: CheckUp, account: Account, upto: dy.DataFrame[ArchivedUpto]) -> Iterator[Finding]:
    settings = check.settings
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    archived = upto.filter(pl.col("account") == account.name)
    if not store.path.exists():
        lost = bool(archived.height)
        told = "the store is gone, though it was archived" if lost else "there is no store yet"
        do = f"message-center restore --account {account.name} BACKUP" if lost else "Nothing: its first flow makes it."
        yield Finding("error" if lost else "note", str(store.path), told, do)
        return
    findings, is_usable = _seen(store, account.name)
    yield from findings
    if not is_usable:
        return
    try:
        limits = check.limits(account)
        facts, balance, parked = account_facts(store, limits)
    except (StoreBusyError, StoreUnreadableError) as error:
        yield _unusable(store, error, account.name)
        return
    delivering = is_delivering(store.path)
    yield from account_findings(account, store.path, facts, balance, parked, limits=limits, is_delivering=delivering)
    yield from archive_findings(account, store.path, facts, archived, limits)


def _seen(store: StoreFile, name: str) -> tuple[list[Finding], bool]:
    """What reading all of a store finds, and whether there is more to ask it."""
    findings = []
    if store.path.with_name(f"{store.path.name}.wal").exists():
        told = "a run died in it, or is in it: a log of changes lies beside the file"
        findings.append(Finding("note", str(store.path), told, "Nothing: the next run takes the changes in."))
    try:
        sight = see_store(store)
    except (StoreBusyError, StoreUnreadableError, StoreVersionError, OSError) as error:
        return [*findings, _unusable(store, error, name)], False
    if sight.pending_migrations:
        told = f"it was written by an older version: {', '.join(sight.pending_migrations)} are to come"
        findings.append(Finding("note", str(store.path), told, "Nothing: the next run brings it up to date."))
    return findings, not sight.pending_migrations


def _unusable(store: StoreFile, error: Exception, name: str) -> Finding:
    if isinstance(error, StoreBusyError):
        return Finding("warning", str(store.path), str(error), "Look again when that run is over.")
    if isinstance(error, StoreVersionError):
        return Finding("error", str(store.path), str(error), "Upgrade message-center.")
    if isinstance(error, StoreUnreadableError):
        return Finding("error", str(store.path), str(error), f"message-center restore --account {name} BACKUP")
    return Finding("error", str(store.path), str(error), "Mend the permissions, or the disk, and look again.")


def _published(settings: Settings, upto: dy.DataFrame[ArchivedUpto]) -> Iterator[Finding]:
    if upto.is_empty():
        return
    path = settings.published_control
    do = f"message-center archive --account {upto['account'][0]}"
    try:
        yield from published_findings(path, upto, published_upto(path), do)
    except (NothingPublishedError, StoreUnreadableError, OSError) as error:
        yield Finding("warning", str(path), f"the published data cannot be read: {error}", do)
