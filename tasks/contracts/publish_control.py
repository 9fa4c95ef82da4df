"""How the control data is published: editions, each a small catalogue over files that never change."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import dataframely as dy
from pydantic import BaseModel, ConfigDict

from tasks.contracts.frame import Frame

LARGEST_PART_ROWS: Final = 2_000_000
"""Parts are merged up to this: what bounds the work of one publication, and the memory to sort a part."""
HIDDEN_SHARE: Final = 0.25
"""A part of which more than this share has been superseded is written anew without it."""
HIDDEN_FILES: Final = 8
"""As many files of superseded rows per table of an account, before they become one."""


def parts_folder(published: Path) -> Path:
    """Where the files are that the published database `published` shows."""
    return published.with_suffix(".parts")


class Part(BaseModel):
    """A file with the rows of one table of an account whose `change_seq` is in (`after`, `upto`]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    after: int
    upto: int
    rows: int
    hidden: int = 0
    """Rows of the file that were superseded since it was written."""

    @property
    def shown(self) -> int:
        """Rows that readers see."""
        return self.rows - self.hidden


class HiddenRows(BaseModel):
    """A file with the `account` and `change_seq` of superseded rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    rows: int


class PublishedTable(BaseModel):
    """What an edition shows of one table of an account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str
    table: str
    upto: int
    """The `change_seq` up to which the table is published."""
    columns: tuple[str, ...]
    """Those that were archived."""
    parts: tuple[Part, ...] = ()
    hidden: tuple[HiddenRows, ...] = ()


class Edition(BaseModel):
    """One state of the published control data. Edition 0 stands for none: everything is still to be published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = 0
    token: str = ""
    """What the control store knows it by."""
    folder: str = ""
    """Where its files were when it was made: the catalogue names them by it."""
    schema_steps: tuple[str, ...] = ()
    """The migrations that its files were written after."""
    source: tuple[int, int] | None = None
    """When the control store's file was last changed, and its size; None where a crash left a log beside it."""
    superseded_upto: int = 0
    """The last entry of table `superseded_row` that it has taken up."""
    tables: tuple[PublishedTable, ...] = ()

    @property
    def files(self) -> set[str]:
        """The files that its catalogue reads."""
        parts = {part.file for table in self.tables for part in table.parts}
        return parts | {hidden.file for table in self.tables for hidden in table.hidden}


class TableState(Frame):
    """One table of an account in the control store."""

    account = dy.String(primary_key=True)
    table_name = dy.String(primary_key=True)
    change_seq = dy.Int64()  # every row up to it is there
    archived_columns = dy.List(dy.String())
    rows = dy.Int64(min=0)


class SupersededRow(Frame):
    """A row as it was before it was changed or deleted."""

    table_name = dy.String()
    account = dy.String()
    change_seq = dy.Int64()


class HiddenRow(Frame):
    """A superseded row that a published file still has."""

    account = dy.String()
    change_seq = dy.Int64()


@dataclass(frozen=True)
class Interval:
    """Rows to be written into a new part: those whose `change_seq` is in (`after`, `upto`]."""

    after: int
    upto: int


@dataclass(frozen=True)
class TablePublication:
    """What to do about one table of an account."""

    account: str
    table: str
    upto: int
    columns: tuple[str, ...]
    rows: int
    """As many the control store has."""
    kept: tuple[Part, ...] = ()
    """Parts that stay, with the rows hidden in them by now."""
    written: tuple[Interval, ...] = ()
    hidden: tuple[HiddenRows, ...] = ()
    """Files of superseded rows that stay."""
    superseded: dy.DataFrame[HiddenRow] = field(default_factory=HiddenRow.create_empty)
    """Rows of the parts that stay, to be hidden from now on."""
