"""Puts a watcher around every call by which this process makes something durable in a home."""

import builtins
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
from crashes.effect_names import path_name, purpose_name
from crashes.watcher import Watcher

from tasks.store import connection as store_connection
from tasks.store import migrate as store_migrate

BY_PATH = ("remove", "unlink", "rmdir", "mkdir", "truncate", "utime", "chmod")
BY_TARGET = ("rename", "replace", "link", "symlink")
BY_DESCRIPTOR = ("write", "pwrite", "fsync")
WRITING = os.O_CREAT | os.O_TRUNC
SIGNATURES = (".lock", ".queue")
"""What is written into these tells those who wait who holds a lock: of no use to anybody after a crash."""


class UnwatchedError(AssertionError):
    """The process made something durable past the watcher."""


def watch(home: Path, watcher: Watcher) -> None:
    """From now on, for the rest of this process."""
    calls = _Calls(home, watcher)
    for name in BY_PATH:
        setattr(os, name, calls.by_path(name, getattr(os, name)))
    for name in BY_TARGET:
        setattr(os, name, calls.by_path(name, getattr(os, name), position=1))
    for name in BY_DESCRIPTOR:
        setattr(os, name, calls.by_descriptor(name, getattr(os, name)))
    os.open = calls.os_open(os.open)
    builtins.open = io.open = calls.open(builtins.open)  # type: ignore[assignment]
    pl.DataFrame.write_parquet = calls.write_parquet(pl.DataFrame.write_parquet)  # type: ignore[method-assign]
    store_connection.commit = calls.commit(store_connection.commit)
    _watch_migrations(watcher)
    sys.addaudithook(calls.missed)


def _watch_migrations(watcher: Watcher) -> None:
    migrate = store_migrate.migrate

    class Migrating:
        def __init__(self, connection: Any, kind: str) -> None:
            self.connection, self.kind = connection, kind

        def execute(self, query: str, *arguments: Any) -> Any:
            if query != "commit":
                return self.connection.execute(query, *arguments)
            with watcher.effect(f"commit: a migration of the {self.kind} store"):
                return self.connection.execute(query)

    def watched(connection: Any, kind: Any) -> None:
        migrate(Migrating(connection, kind), kind)  # type: ignore[arg-type]  # all that it asks for is `execute`

    store_connection.migrate = watched


class _Calls:
    """The calls of one home."""

    def __init__(self, home: Path, watcher: Watcher) -> None:
        self._home, self._watcher = str(home), watcher

    def by_path(self, verb: str, call: Callable[..., Any], position: int = 0) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            path = self._within(args[position], kwargs.get("dir_fd"))
            if path is None or self._fails(verb, path):
                return call(*args, **kwargs)
            with self._watcher.effect(f"{verb}: {path_name(path)}"):
                return call(*args, **kwargs)

        return watched

    def by_descriptor(self, verb: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(descriptor: int, *args: Any) -> Any:
            path = self._within(_opened(descriptor))
            if path is None or path.suffix in SIGNATURES:
                return call(descriptor, *args)
            with self._watcher.effect(f"{verb}: {path_name(path)}"):
                return call(descriptor, *args)

        return watched

    def os_open(self, call: Callable[..., int]) -> Callable[..., int]:
        def watched(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            found = self._within(path, kwargs.get("dir_fd"))
            if found is None or not self._makes(found, flags):
                return call(path, flags, *args, **kwargs)
            with self._watcher.effect(f"create: {path_name(found)}"):
                return call(path, flags, *args, **kwargs)

        return watched

    def open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            found = self._within(file)
            if found is None or not set(mode) & set("wax+"):
                return call(file, mode, *args, **kwargs)
            with self._watcher.effect(f"create: {path_name(found)}"):
                return call(file, mode, *args, **kwargs)

        return watched

    def write_parquet(self, call: Callable[..., None]) -> Callable[..., None]:
        def watched(frame: pl.DataFrame, file: Any, *args: Any, **kwargs: Any) -> None:
            found = self._within(file)
            if found is None:
                call(frame, file, *args, **kwargs)
                return
            with self._watcher.effect(f"write: {path_name(found)}"):
                call(frame, file, *args, **kwargs)

        return watched

    def commit(self, call: Callable[..., None]) -> Callable[..., None]:
        def watched(connection: Any, purpose: str) -> None:
            with self._watcher.effect(f"commit: {purpose_name(purpose)}"):
                call(connection, purpose)

        return watched

    def missed(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook: what Python itself knows of and the watcher does not would be a hole in it."""
        if self._watcher.is_inside():
            return
        if event in {"os.rename", "os.link", "os.symlink"}:
            found = self._within(args[1])
        elif event in {"os.remove", "os.rmdir", "os.truncate"}:
            found = self._within(args[0])
        elif event == "open" and isinstance(args[2], int) and args[2] & WRITING:
            found = self._within(args[0])
            found = found if found is not None and self._makes(found, args[2]) else None
        else:
            return
        if found is not None and found.suffix not in SIGNATURES and not self._fails(event.removeprefix("os."), found):
            raise UnwatchedError(f"{event} {args}")

    def _fails(self, verb: str, path: Path) -> bool:
        """The call will change nothing: what is to be made is there, or what is to be removed is not."""
        if verb not in {"mkdir", "remove", "unlink"}:
            return False
        return os.path.lexists(f"{self._home}/{path}") == (verb == "mkdir")

    def _makes(self, path: Path, flags: int) -> bool:
        exists = (Path(self._home) / path).exists()
        return bool(flags & os.O_TRUNC) or bool(flags & os.O_CREAT and not exists)

    def _within(self, path: Any, folder: int | None = None) -> Path | None:
        """The path below the home; None where it lies elsewhere."""
        if isinstance(path, int):
            path = _opened(path)
        try:
            text = os.fspath(path)
        except TypeError:
            return None
        text = os.fsdecode(text)
        if folder is not None:
            text = os.path.join(_opened(folder), text)  # noqa: PTH118  # as text: this is on the path of every call
        return Path(text).relative_to(self._home) if text.startswith(f"{self._home}/") else None


def _opened(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115  # as above
    except OSError:
        return ""
