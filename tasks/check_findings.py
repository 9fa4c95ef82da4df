"""What the facts of a check-up mean, and what to do about them."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.check_stores import AccountFacts, ArchivedUpto, Finding, Limits, Severity
from tasks.store.check_stores import ControlFacts
from tasks.store.conservation import Balance
from tasks.store.update_event_status import Parked

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""Clocks of machines that share a home may differ by this much."""


Rule = tuple[object, Severity, str, str]
"""Whether it is so, and what to say then."""
REPORT: Final = "Stop the flows of this account, back it up (message-center backup), and report it."


def account_findings(
    account: Account,
    path: Path,
    facts: AccountFacts,
    balance: Balance,
    parked: Parked,
    *,
    limits: Limits,
    is_delivering: bool,
) -> Iterator[Finding]:
    """What is wrong within an account's store."""
    rules = (
        *_broken(facts, balance, limits),
        *_undone(account, facts, limits, is_delivering=is_delivering),
        *_unanswered(account, facts, parked, limits),
    )
    for is_so, severity, told, do in rules:
        if is_so:
            yield Finding(severity, str(path), told, do)


def _broken(facts: AccountFacts, balance: Balance, limits: Limits) -> tuple[Rule, ...]:
    repeated = facts.repeated_event_ids + facts.repeated_event_keys
    told = f"{facts.repeated_event_ids} event ids and {facts.repeated_event_keys} event keys are there more than once"
    newest = facts.newest or limits.now
    clock = f"the clock says {limits.now:%Y-%m-%d %H:%M:%S}Z, its newest row is of {newest:%Y-%m-%d %H:%M:%S}Z"
    set_it = "Set the clock of this machine: what is due is due by the clock."
    return (
        (not balance.holds, "error", f"events are unaccounted for: {balance}", REPORT),
        (repeated, "error", told, REPORT),
        (newest > limits.now + CLOCK_TOLERANCE, "warning", clock, set_it),
    )


def _undone(account: Account, facts: AccountFacts, limits: Limits, *, is_delivering: bool) -> tuple[Rule, ...]:
    deliver = f"message-center deliver --account {account.name}"
    process = f"message-center process --account {account.name} --queue batch (and --queue rt)"
    due = f"{limits.waiting_before:%Y-%m-%d %H:%M}Z"
    claimed = f"{facts.claimed_batches} delivery batches were claimed by a run that died"
    routed = f"{facts.not_handed_over} events are routed, were due before {due}, and are not handed over"
    paused = f"{facts.paused} events wait for a paused template"
    return (
        (facts.claimed_batches and not is_delivering, "warning", claimed, deliver),
        (facts.waiting, "warning", f"{facts.waiting} events were due before {due}, and are still pending", process),
        (facts.not_handed_over, "warning", routed, deliver),
        (facts.paused, "note", paused, f"message-center templates resume --account {account.name} ID"),
    )


def _unanswered(account: Account, facts: AccountFacts, parked: Parked, limits: Limits) -> tuple[Rule, ...]:
    days = account.parked_limit_days
    waiting = f"{parked.overdue} of {parked.rows} log rows have waited for their event for more than {days} days"
    stuck = f"{facts.stuck} events, handed over before {limits.stuck_before:%Y-%m-%d}, have no final word from a log"
    unsure = f"of {facts.unsure} events nobody knows whether they were handed over: they are held"
    logs = f"Ask the provider for its logs; message-center logs --account {account.name} FILES"
    return (
        (parked.overdue, "warning", waiting, "Look at delivery_log where not applied: whose events are these?"),
        (facts.stuck, "warning", stuck, logs),
        (facts.unsure, "warning", unsure, "Ask the mail server; send what did not leave as new events (replay)."),
    )


def archive_findings(
    account: Account, path: Path, facts: AccountFacts, archived: pl.DataFrame, limits: Limits
) -> Iterator[Finding]:
    """Whether an account is archived as often as it should be."""
    do = f"message-center archive --account {account.name}"
    if archived.is_empty():
        if facts.last_change_seq:
            yield Finding("note", str(path), "it was never archived", do)
        return
    upto, at = archived["change_seq"][0], archived["archived_at"][0]
    if upto > facts.last_change_seq:
        told = f"the archive is further ({upto}) than the store ({facts.last_change_seq}): an older store was put here"
        yield Finding("error", str(path), told, f"message-center restore --account {account.name} BACKUP")
    elif upto < facts.last_change_seq and at < limits.now - 2 * account.archive_every:
        told = (
            f"changes {upto + 1} to {facts.last_change_seq} are not archived; the last run was at {at:%Y-%m-%d %H:%M}Z"
        )
        yield Finding("warning", str(path), told, do)


def control_findings(facts: ControlFacts, accounts: Collection[str]) -> Iterator[Finding]:
    """What is wrong within the control store."""
    if facts.repeated_events:
        told = f"{facts.repeated_events} events are archived more than once"
        yield Finding("error", "control", told, "message-center backup --account control; report it.")
    for account, table, different, due, first_day in facts.proofs.iter_rows():
        where, do = f"control, account {account}, {table}", f"message-center archive --account {account}"
        if different:
            told = f"{different} days differ between account and archive, the first {first_day}"
            yield Finding("error", where, told, f"{do}; see table archive_proof")
        if due and account in accounts:
            yield Finding("warning", where, f"{due} days were archived, and their proof is still due", do)


def published_findings(
    path: Path, upto: dy.DataFrame[ArchivedUpto], published: dy.DataFrame[ArchivedUpto], do: str
) -> Iterator[Finding]:
    """Whether the published data is as new as the control store."""
    behind = upto.join(published, on=["account", "change_seq"], how="anti")["account"].sort().to_list()
    if behind:
        told = f"the published data is older than the control store, for {', '.join(behind)}"
        yield Finding("warning", str(path), told, do)
