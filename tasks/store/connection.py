"""Opening a store: who may, for how long, and in which transaction."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from tasks.store.engines import engine
from tasks.store.lock import StoreBusyError, lock
from tasks.store.migrate import StoreKind, migrate, pending_migrations
from tasks.store.statements import literal, statement
from tasks.store.store_errors import is_in_use, told, unreadable

Frames = Mapping[str, pl.DataFrame]
PAUSE_SECONDS: Final = 0.05
"""Between two looks at a file that somebody has open without our lock."""


@dataclass(frozen=True)
class StoreFile:
    """A DuckDB file of ours, not opened yet."""

    path: Path
    kind: StoreKind
    wait_seconds: float = 60

    @property
    def lock_path(self) -> Path:
        """The lock beside the file."""
        return self.path.with_suffix(".lock")


@dataclass(frozen=True)
class Session:
    """An open store within one transaction: runs the statements of `sql/` by name."""

    connection: duckdb.DuckDBPyConnection

    def frame(self, name: str, /, frames: Frames | None = None, **parameters: Any) -> pl.DataFrame:
        """The rows that statement `name` selects; `frames` can be read in it under their names."""
        with registered(self.connection, frames):
            # A relation is lazy: it must be read before its frames are withdrawn.
            frame: pl.DataFrame = self.connection.sql(statement(name), params=parameters or None).pl()
            return frame

    def rows(self, name: str, /, frames: Frames | None = None, **parameters: Any) -> list[tuple[Any, ...]]:
        """The same, as tuples: for a handful of rows."""
        with registered(self.connection, frames):
            return self.connection.execute(statement(name), parameters or None).fetchall()

    def value(self, name: str, /, frames: Frames | None = None, **parameters: Any) -> Any:
        """The one value that statement `name` selects."""
        return self.rows(name, frames, **parameters)[0][0]

    def change(self, name: str, /, frames: Frames | None = None, **parameters: Any) -> int:
        """Runs a statement that writes; returns how many rows it wrote."""
        rows = self.rows(name, frames, **parameters)
        return int(rows[0][0]) if rows else 0


@contextmanager
def reading(store: StoreFile) -> Iterator[Session]:
    """Opens a store to read, as it stands between two transactions; writers wait meanwhile.

    Raises:
        StoreBusyError: A writer did not leave it in time.
        StoreUnreadableError: Its file is damaged, or no store.
    """
    if not store.path.exists():
        _bring_up_to_date(store)
    with _reading_lock(store), told(store.path), opened(store, "READ_ONLY") as connection:
        if not pending_migrations(connection, store.kind):
            connection.execute("begin transaction read only")
            yield Session(connection)
            connection.execute("commit")
            return
    _bring_up_to_date(store)
    with reading(store) as session:
        yield session


@contextmanager
def writing(store: StoreFile, *, purpose: str) -> Iterator[Session]:
    """Opens a store for one transaction: all of the block's changes, or none where it raises.

    Raises:
        StoreBusyError: Somebody else did not leave it in time.
        StoreUnreadableError: Its file is damaged, or no store.
    """
    with lock(store.lock_path, exclusive=True, wait_seconds=store.wait_seconds, purpose=purpose), told(store.path):
        if not store.path.exists():
            _make(store)
        with opened(store) as connection:
            migrate(connection, store.kind)
            connection.execute("begin")
            try:
                yield Session(connection)
            except BaseException:
                with suppress(duckdb.Error):  # an error that ended the transaction is the one to tell of
                    connection.execute("rollback")
                raise
            commit(connection, purpose)


def commit(connection: duckdb.DuckDBPyConnection, purpose: str) -> None:  # noqa: ARG001
    """Makes a transaction durable: the one step before which nothing of it, after which all of it is there.

    Args:
        connection: The store's.
        purpose: What the transaction was for: the name of the step, to those who watch it.
    """
    connection.execute("commit")


@contextmanager
def computing() -> Iterator[Session]:
    """An engine without a store, for work on frames that DuckDB does best (JSON)."""
    with engine(Path(tempfile.gettempdir())) as connection:
        yield Session(connection)


def _bring_up_to_date(store: StoreFile) -> None:
    with writing(store, purpose="bringing the store up to date"):
        pass


def _reading_lock(store: StoreFile) -> AbstractContextManager[None]:
    return lock(store.lock_path, exclusive=False, wait_seconds=store.wait_seconds, purpose="reading")


def _make(store: StoreFile) -> None:
    """Makes the file beside its place: a crash leaves no half of a store where one is looked for."""
    new = StoreFile(store.path.with_name(f".{store.path.name}.new"), store.kind, store.wait_seconds)
    new.path.unlink(missing_ok=True)
    with opened(new, "STORAGE_VERSION 'v1.5.0'") as connection:
        migrate(connection, store.kind)
    new.path.rename(store.path)


@contextmanager
def opened(store: StoreFile, *options: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with the file attached as `store`, for one who holds the store's lock; no transaction yet."""
    with engine(store.path.parent) as connection:
        _attach(connection, store, f"({', '.join(options)})" if options else "")
        connection.execute("use store")
        _check_whole(connection, store.path)
        yield connection
        connection.execute("use memory")
        connection.execute("detach store")


def _check_whole(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """DuckDB finds a missing end of the file only when it needs a block of it. Free blocks may be missing there."""
    size = "select block_size * used_blocks from pragma_database_size() where database_name = 'store'"
    ((expected,),) = connection.execute(size).fetchall()
    if path.stat().st_size < expected:
        raise unreadable(path, f"it is cut short: {path.stat().st_size:,} bytes of more than {expected:,}")


def _attach(connection: duckdb.DuckDBPyConnection, store: StoreFile, options: str) -> None:
    """Attaches the file; waits where somebody has it open who does not know our lock, but no longer than for that."""
    deadline = time.monotonic() + store.wait_seconds
    while True:
        try:
            connection.execute(f"attach {literal(str(store.path))} as store {options}")
        except duckdb.IOException as error:
            if not is_in_use(error):
                raise
            if time.monotonic() >= deadline:
                raise StoreBusyError(
                    f"{store.path} was open elsewhere, past our lock, for {store.wait_seconds:g} s: {error}. "
                    "Close it there, and look at published data instead: message-center query."
                ) from error
            time.sleep(PAUSE_SECONDS)
        else:
            return


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, frames: Frames | None) -> Iterator[None]:
    """Lets statements read frames under their names while the block runs."""
    names = dict(frames or {})
    for name, frame in names.items():
        connection.register(name, frame)
    yield
    # Not after an error: an aborted transaction takes no statement, and its connection is about to close.
    for name in names:
        connection.unregister(name)
