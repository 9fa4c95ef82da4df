"""Looking at stores as they are: each step under a short lock that keeps writers out, nothing changed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dataframely as dy
import duckdb

from tasks.contracts.check_stores import AccountFacts, ArchivedUpto, Limits, OpenProof, StoreSight
from tasks.store.connection import Session, StoreFile
from tasks.store.conservation import Balance
from tasks.store.migrate import pending_migrations
from tasks.store.published import reading_published
from tasks.store.store_errors import unreadable
from tasks.store.store_facts import looking_in_turn, read_whole, tables_of
from tasks.store.update_event_status import Parked

CHECK: Final = "a check-up"


@dataclass(frozen=True)
class ControlFacts:
    """What the control store says of all accounts."""

    upto: dy.DataFrame[ArchivedUpto]
    proofs: dy.DataFrame[OpenProof]
    repeated_events: int


def see_store(store: StoreFile) -> StoreSight:
    """Reads every value of every table, one table at a time, so that writers get their turn.

    Raises:
        StoreBusyError: A writer did not leave it in time.
        StoreUnreadableError: A part of it cannot be read, or it is no store.
        StoreVersionError: It was written by a newer version.
    """
    with looking_in_turn(store, purpose=CHECK) as session:
        tables = tables_of(session, store.path)
        pending = tuple(step.stem for step in pending_migrations(session.connection, store.kind))
    rows = {}
    for table in tables:
        with looking_in_turn(store, purpose=CHECK) as session:
            rows[table] = read_whole(session, table, store.path)
    return StoreSight(rows, pending)


def account_facts(store: StoreFile, limits: Limits) -> tuple[AccountFacts, Balance, Parked]:
    """Counts what should not be in an account's store; it has no migrations pending."""
    with looking_in_turn(store, purpose=CHECK) as session:
        (counts,) = session.rows(
            "check_stores/account_facts", stuck_before=limits.stuck_before, waiting_before=limits.waiting_before
        )
        (balance,) = session.rows("conservation/select_balance")
        last_change_seq = session.value("store_facts/last_change_seq")
        (parked,) = session.rows("update_event_status/count_parked", received_before=limits.parked_before)
    return AccountFacts(*(*counts, last_change_seq)), Balance(*balance), Parked(*parked)


def control_facts(control: StoreFile) -> ControlFacts:
    """What the control store says of accounts and proofs; it has no migrations pending."""
    with looking_in_turn(control, purpose=CHECK) as session:
        return ControlFacts(
            upto=_upto(session),
            proofs=OpenProof.validate(session.frame("check_stores/open_proofs"), cast=True),
            repeated_events=session.value("check_stores/repeated_archived"),
        )


def published_upto(published: Path) -> dy.DataFrame[ArchivedUpto]:
    """How far the published data has each account.

    Raises:
        NothingPublishedError: There is none.
        StoreUnreadableError: It cannot be read.
    """
    try:
        with reading_published(published) as session:
            return _upto(session)
    except duckdb.Error as error:
        raise unreadable(published, str(error)) from error


def _upto(session: Session) -> dy.DataFrame[ArchivedUpto]:
    return ArchivedUpto.validate(session.frame("check_stores/archived_upto"), cast=True)
