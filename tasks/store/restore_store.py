"""Restoring in the store: an older state is brought up to what the archive and the senders' records know."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import StatusRule
from tasks.contracts.restore_store import IDS_PER_SECOND, LOST_IN_RESTORE, Archived, SendersRecord, SentMessage
from tasks.contracts.vocabulary import CELL_SIZE
from tasks.store.connection import Session, StoreFile, writing
from tasks.store.conservation import Balance
from tasks.store.restore_archived import bring_back, highest_change, mark_unarchived
from tasks.store.statements import filled

Known = Callable[[Collection[str], Collection[str]], SendersRecord]
"""What the senders' records tell beyond settled batches, given these and those of them that are in the outbox."""


class LostEventsError(RuntimeError):
    """What backup, archive and records say does not add up."""


@dataclass(frozen=True)
class BroughtUp:
    """What a backup lacked."""

    archived_rows: int
    """Rows that came back from the archive."""
    handed_over: int
    """Events that had left since, by the senders' records."""
    unsure: tuple[int, ...]
    """Events of which no record says whether they left: they are held."""
    unknown_files: tuple[str, ...]
    """Hashes of the files given that the ledger does not have."""


def bring_up(
    store: StoreFile,
    archived: Archived,
    records: Known,
    rules: dy.DataFrame[StatusRule],
    /,
    *,
    cell_id: int,
    sender: str,
    taken_in: Collection[str],
    now: datetime,
) -> BroughtUp:
    """Brings a copy of a backup up to what is known elsewhere, in one transaction.

    Args:
        store: The copy; nobody else knows it.
        archived: What the archive has of the account.
        records: What its senders' records tell.
        rules: The account's policy: the ranks of log rows.
        cell_id: The account's cell.
        sender: The account's sender; but for the outbox, its record does not outlive a batch.
        taken_in: Hashes of the files that were taken in by some state of the store.
        now: The clock of the restoration.

    Raises:
        LostEventsError: Events would be unaccounted for; nothing was changed.
    """
    with writing(store, purpose="bringing a backup up to date") as session:
        rows = bring_back(session, archived)
        settled = session.frame("restore_store/select_settled")
        of_outbox = settled.filter(pl.col("sender") == "outbox", "has_messages")["batch_id"]
        record = records(set(settled["batch_id"]), set(of_outbox))
        _raise_ids(session, archived, record.sent, cell_id, now)
        session.change("restore_store/insert_keys")
        if not _balance(session).holds:
            session.change("restore_store/insert_lost_files")
        session.change("restore_store/insert_lost_deliveries")
        mark_unarchived(session, archived)
        handed_over = _take_over(session, record.sent, rules, sender=sender, now=now)
        known_files = set(session.frame("restore_store/select_taken_in")["content_hash"])
        unknown_files = tuple(sorted(set(taken_in) - known_files))
        unsure: tuple[int, ...] = ()
        if sender != "outbox" or not record.complete:
            unsure = _hold(session, unknown_files, rules, sender=sender, all_claimed=not record.complete, now=now)
        _check(session)
    return BroughtUp(rows, handed_over, unsure, unknown_files)


def _raise_ids(
    session: Session, archived: Archived, sent: dy.DataFrame[SentMessage], cell_id: int, now: datetime
) -> None:
    floor = int(now.timestamp()) * IDS_PER_SECOND
    first = cell_id * CELL_SIZE
    cell = {"first": first, "last": first + CELL_SIZE - 1}
    ((event, delivery),) = session.rows("restore_store/highest_ids", {"sent": sent}, **cell)
    session.change("restore_store/raise_ids", floor=floor, event=event, delivery=delivery)
    last = session.value("store_facts/last_change_seq")
    start = max(floor, last, highest_change(session, archived)) + 1
    session.connection.execute(filled("restore_store/restart_sequence", start=str(start)))


def _take_over(
    session: Session,
    recorded: dy.DataFrame[SentMessage],
    rules: dy.DataFrame[StatusRule],
    *,
    sender: str,
    now: datetime,
) -> int:
    """Enters hand-overs that the log rows that came back, or the senders' records, tell of."""
    logged = SentMessage.validate(session.frame("restore_store/select_logged", sender=sender), cast=True)
    sent = SentMessage.validate(pl.concat([logged, recorded]))
    _enter(session, sent, rules, now=now)
    return sent.filter(pl.col("outcome") != "deferred")["event_id"].n_unique()


def _hold(
    session: Session,
    unknown_files: tuple[str, ...],
    rules: dy.DataFrame[StatusRule],
    *,
    sender: str,
    all_claimed: bool,
    now: datetime,
) -> tuple[int, ...]:
    """Keeps events that may have left from leaving again; returns which."""
    reason: dict[str, Any] = {"reason": LOST_IN_RESTORE, "now": now}
    session.change("restore_store/return_unrecorded", all=all_claimed, **reason)
    session.change("restore_store/release_events")
    batch: dict[str, Any] = {"batch_id": f"restore-{now:%Y%m%dT%H%M%S}"}
    doubtful = session.frame("restore_store/select_doubtful", sender=sender, **batch, **reason)
    _enter(session, SentMessage.validate(doubtful, cast=True), rules, now=now)
    files = pl.DataFrame({"content_hash": unknown_files}, schema={"content_hash": pl.String})
    session.change("restore_store/insert_doubtful_files", {"doubtful": files}, **batch)
    return tuple(doubtful["event_id"])


def _enter(
    session: Session, sent: dy.DataFrame[SentMessage], rules: dy.DataFrame[StatusRule], *, now: datetime
) -> None:
    frames = {"sent": sent.with_columns(pl.col("outcome").cast(pl.String))}
    session.change("restore_store/merge_batches", frames)
    session.change("restore_store/release_events")
    for name in ("insert_hand_overs", "insert_handed_over_events", "attach_events"):
        session.change(f"restore_store/{name}", frames)
    rule = rules.select(pl.col("kind").cast(pl.String), "rank")
    session.change("restore_store/insert_logs", {**frames, "rule": rule}, now=now)


def _check(session: Session) -> None:
    balance = _balance(session)
    if not balance.holds:
        raise LostEventsError(
            f"Restored from this backup, events would be unaccounted for ({balance}): the store was left as it was. "
            "Try another backup, and report this one."
        )


def _balance(session: Session) -> Balance:
    return Balance(*session.rows("conservation/select_balance")[0])
