"""Stage 8: what has had its time leaves the account and the archive, and its space is given back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tasks.contracts.accounts import Account
from tasks.contracts.purge_events import PURGED_TABLES
from tasks.progress import progressing
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import purge_archive as in_archive
from tasks.store import purge_events as in_store
from tasks.store.archive_events import archive_position
from tasks.store.archive_spool import store_columns
from tasks.store.compact import Compaction, CompactionLimits, compact
from tasks.store.connection import StoreFile, reading
from tasks.store.purge_archive import ArchivePurge
from tasks.store.purge_events import AccountPurge
from tasks.transforms.archive_events import shared_columns


@dataclass(frozen=True)
class PurgePlan:
    """What has had its time, table by table: in the account, and in its archive."""

    account: tuple[AccountPurge, ...]
    archive: tuple[ArchivePurge, ...]


@dataclass(frozen=True)
class PurgeResult:
    """What a purge did, or would do."""

    dry_run: bool
    deleted: Mapping[str, int]
    """Rows by table; `archived_<table>` is that of the archive."""
    compacted: tuple[Compaction, ...] = ()
    """The stores whose files were rewritten."""


def purge_events(settings: Settings, account: Account, *, now: datetime, dry_run: bool = True) -> PurgeResult:
    """Purges the rows of an account, and of its archive, that are older than the account's retention.

    An account loses rows that are final and archived as they are; the archive loses rows that the account has
    lost. Safe to repeat, and to stop anywhere: each chunk is a transaction, and the next run goes on.

    Args:
        settings: Where the stores are, and how large a chunk is.
        account: The execution account, with its retention.
        now: The clock of the run.
        dry_run: Count what would go, and change nothing.

    Raises:
        StoreBusyError: A store was in the way for too long.
    """
    plan = plan_purge(settings, account, now=now)
    if dry_run:
        return PurgeResult(dry_run=True, deleted=count_purgeable(settings, account, plan))
    deleted = purge_account(settings, account, plan, now=now)
    archived = purge_archive(settings, account, plan, now=now)
    return PurgeResult(dry_run=False, deleted=deleted | archived, compacted=give_back_space(settings, account))


@stage
def plan_purge(settings: Settings, account: Account, *, now: datetime) -> PurgePlan:
    """Reads how far the account is archived, first of all: a row that changes from now on stays."""
    control, source = _control(settings), _source(settings, account)
    state = archive_position(control, account.name).state
    upto = dict(state.select("table_name", "change_seq").iter_rows())
    columns = shared_columns(store_columns(source), store_columns(control))
    kept = account.retention
    return PurgePlan(
        account=tuple(
            AccountPurge(each, columns[each.table.name], _before(now, each.days(kept)), upto.get(each.table.name, 0))
            for each in PURGED_TABLES
        ),
        archive=tuple(
            ArchivePurge(account.name, each, columns[each.table.name], _before(now, each.archived_days(kept)))
            for each in PURGED_TABLES
        ),
    )


@stage
def count_purgeable(settings: Settings, account: Account, plan: PurgePlan) -> dict[str, int]:
    """How many rows of each table would go. Reads only."""
    events, *_ = plan.account
    account_rows, archived_rows, held = {}, {}, []
    with reading(_source(settings, account)) as session:
        going = in_store.would_go(session, events, in_store.NOTHING)
        claims = in_store.claims_that_would_go(session, events, going)
        for purge, archive in zip(plan.account, plan.archive, strict=True):
            rows = going if purge is events else in_store.would_go(session, purge, going)
            account_rows[purge.table.table.name] = rows.height
            account_rows |= claims if purge is events else {}
            held.append(in_archive.held_keys(session, archive, rows))
    with reading(_control(settings)) as session:
        for archive, keys in zip(plan.archive, held, strict=True):
            name = f"archived_{archive.table.table.name}"
            archived_rows[name] = in_archive.archived_that_would_go(session, archive, keys)
    return account_rows | archived_rows


@stage(once=True)  # Many transactions: tried again, it would count none of the chunks that went before the fault.
def purge_account(settings: Settings, account: Account, plan: PurgePlan, *, now: datetime) -> dict[str, int]:
    """Purges the account's store, chunk by chunk; returns the rows that went, by table."""
    control, source = _control(settings), _source(settings, account)
    deleted: dict[str, int] = {}
    for purge in progressing(plan.account, "tables"):
        name, due = purge.table.table.name, set()
        deleted |= dict.fromkeys([name, "hand_over", "delivery_batch"] if name == "event" else [name], 0)
        for chunk in in_store.chunks(source, purge, chunk_rows=settings.purge_chunk_rows):
            if new := tuple(day for day in chunk.days if day not in due):
                in_archive.mark_due(control, account.name, name, new)
                due |= set(new)
            for table, rows in in_store.purge_chunk(source, purge, chunk, now=now).items():
                deleted[table] += rows
    return deleted


@stage(once=True)  # For the same reason.
def purge_archive(settings: Settings, account: Account, plan: PurgePlan, *, now: datetime) -> dict[str, int]:
    """Purges the account's rows in the archive, chunk by chunk; returns the rows that went, by table."""
    control, deleted = _control(settings), {}
    for purge in progressing(plan.archive, "archived-tables"):
        with reading(_source(settings, account)) as session:
            held = in_archive.held_keys(session, purge, in_store.NOTHING)
        chunks = in_archive.archived_chunks(control, purge, held, chunk_rows=settings.purge_chunk_rows)
        deleted[f"archived_{purge.table.table.name}"] = sum(
            in_archive.purge_archived_chunk(control, purge, held, chunk, now=now) for chunk in chunks
        )
    return deleted


@stage
def give_back_space(settings: Settings, account: Account) -> tuple[Compaction, ...]:
    """Rewrites the files of the account and of the archive where purges left them largely empty."""
    limits = CompactionLimits(settings.compact_free_share, settings.compact_free_bytes)
    tried = [compact(store, limits) for store in (_source(settings, account), _control(settings))]
    return tuple(done for done in tried if done is not None)


def _before(now: datetime, days: int) -> datetime:
    """So many days ago, or the first instant there is."""
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _control(settings: Settings) -> StoreFile:
    return StoreFile(settings.control_store, "control", settings.lock_wait_seconds)


def _source(settings: Settings, account: Account) -> StoreFile:
    return StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
