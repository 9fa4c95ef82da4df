"""Names of durable effects that are the same in every run: what varies is written as `<what it is>`."""

import re
from pathlib import Path

_ACCOUNT_FOLDER = re.compile(r"^(inbox|outbox|spool/[a-z_]+)/([A-Za-z0-9-]+)")
_ACCOUNT_STORE = re.compile(r"^(store/\.?)(?!control\b)[a-z]+")
_ACCOUNT_PART = re.compile(r"^(published/.+/[a-z_]+-)[a-z]+(?=-\d)")
_INBOX_FILE = re.compile(r"^(inbox/.+/)([^/]+?)(\.reason\.txt)?$")
_VARIABLE = (
    (re.compile(r"\d{8}T\d{6}-\d+-\d+"), "<batch>"),
    (re.compile(r"\.duckdb-\d+"), ".duckdb-<pid>"),
    (re.compile(r"[0-9a-f]{16,}"), "<hash>"),
    (re.compile(r"\d+"), "<n>"),
)
_FILE_IN_PURPOSE = re.compile(r"\b\S+\.\w+\b")
_PURPOSE_OF_ACCOUNT = re.compile(r"^(archiving|recording the proof of|purging|purging the archive of) \S+$")
_FOLDERS = {"batch", "rt", "delivery-logs", "done", "rejected"}


def path_name(path: Path) -> str:
    """A path within the home, by what it is."""
    name = _ACCOUNT_STORE.sub(r"\1<account>", path.as_posix())
    inbox_file = _INBOX_FILE.match(name)
    if inbox_file and path.name not in _FOLDERS:
        name = f"{inbox_file[1]}<file>{inbox_file[3] or ''}"
    name = _ACCOUNT_PART.sub(r"\1<account>", name)
    name = _ACCOUNT_FOLDER.sub(r"\1/<account>", name)
    for pattern, what in _VARIABLE:
        name = pattern.sub(what, name)
    return name


def purpose_name(purpose: str) -> str:
    """The purpose of a transaction, by what it is."""
    name = _PURPOSE_OF_ACCOUNT.sub(r"\1 <account>", _FILE_IN_PURPOSE.sub("<file>", purpose))
    return re.sub(r"\d+", "<n>", name)
