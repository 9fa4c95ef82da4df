"""What a backup says of itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

BACKUP_FORMAT: Final = 1
CONTROL: Final = "control"
"""The name under which the control store is backed up and restored: no account can have it."""
STORE_FILE: Final = "store.duckdb"
ROSTER_FILE: Final = "account.toml"
MANIFEST_FILE: Final = "manifest.json"


class StoreFacts(BaseModel):
    """What a store holds, every row of it read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Mapping[str, int]
    """Rows of each table."""
    last_change_seq: int
    migrations: tuple[str, ...]


class BackedUpFile(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int = Field(ge=0)
    sha256: str


class BackupManifest(BaseModel):
    """`manifest.json` of a backup: written last, so a backup is whole where it is there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = BACKUP_FORMAT
    kind: Literal["account", "control"]
    account: str
    cell_id: int | None = None
    taken_at: datetime
    program: str
    duckdb: str
    store: StoreFacts
    files: Mapping[str, BackedUpFile]
