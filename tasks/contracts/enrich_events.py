"""What an account adds to its events before their messages are made."""

from pathlib import Path
from typing import Literal

import dataframely as dy
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tasks.contracts.frame import Frame

EventKey = Literal["external_id", "email", "mobile_phone", "registration_token"]
PROFILE = "profile"
"""Where in `ctx` the row of the reference table is."""
NO_PROFILE = "no_profile"
OPTED_OUT = "opted_out"


class Enrichment(BaseModel):
    """`[account.enrichment]`: a reference table, joined to events; a hook of one's own; or both, in this order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Path | None = Field(
        default=None, description="A Parquet file, a row per person; its first row of a key counts."
    )
    event_key: EventKey = Field(default="external_id", description="Column of the event that the key is in.")
    key: str = Field(default="external_id", description="Column of the table that it is looked for in.")
    columns: tuple[str, ...] = Field(default=(), description="What templates may use, as `profile.NAME`; empty: all.")
    opt_out: str | None = Field(default=None, description="Column that says that nothing may be sent.")
    missing: Literal["send", "ignore"] = Field(default="send", description="What becomes of events without a row.")
    hook: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$",
        description="`module:function`, which gets a frame of events and returns it, changed.",
    )

    @field_validator("table")
    @classmethod
    def _absolute(cls, table: Path | None) -> Path | None:
        if table is not None and not table.is_absolute():
            raise ValueError(f"{table} is relative to nothing: write the whole path")
        return table

    @model_validator(mode="after")
    def _does_something(self) -> "Enrichment":
        if self.table is None and self.hook is None:
            raise ValueError("it names neither a table nor a hook")
        return self


class HeldBackEvent(Frame):
    """An event to whose address nothing is sent, and why: the reason of its log row."""

    event_id = dy.Int64(primary_key=True)
    reason = dy.String(min_length=1)
