"""One template as its author wrote it, checked value by value."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictStr,
    field_validator,
    model_validator,
)

from tasks.contracts.vocabulary import CHANNEL_NUMBERS, Channel, Queue

_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
MAX_INT32 = 2**31 - 1


def _whole_characters(value: object) -> object:
    if isinstance(value, str) and not value.isascii() and _HALF.search(value):
        raise ValueError("holds half a character (a lone surrogate); write the whole one")
    return value


def _one_line(value: object) -> object:
    if isinstance(value, str) and _LINE_BREAK.search(value):
        raise ValueError("must be one line without control characters")
    return value


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("must be a whole number")  # noqa: TRY004 - pydantic collects ValueErrors alone
    return value


def _written_instant(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.match(value)):
        return value
    raise ValueError("must be an instant with its offset, like 2026-01-31T09:00:00Z")


def _truth(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in {"true", "false"}):
        return value
    raise ValueError("must be true or false")


Text = Annotated[StrictStr, BeforeValidator(_whole_characters)]
Line = Annotated[Text, BeforeValidator(_one_line)]
Int32 = Annotated[int, BeforeValidator(_whole)]
Instant = Annotated[AwareDatetime, BeforeValidator(_written_instant)]
Truth = Annotated[bool, BeforeValidator(_truth)]


class TemplateRecord(BaseModel):
    """The keys of a template file, or the columns of a table of templates."""

    model_config = ConfigDict(extra="forbid")

    template_id: Line = Field(min_length=1, max_length=200)
    version: Int32 | None = Field(default=None, ge=1, le=MAX_INT32)
    event_type: Line = Field(min_length=1)
    channel: Channel = "email"
    queue: Queue | None = None
    language: Line | None = None
    priority: Int32 = Field(default=0, ge=-MAX_INT32, le=MAX_INT32)
    condition: Text | None = None
    published_at: Instant | None = None
    unpublished_at: Instant | None = None
    paused: Truth | None = None
    subject: Line | None = None
    body_text: Text | None = None
    body_html: Text | None = None
    sender: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, record: Any) -> Any:
        """Empty and absent are the same: null, or the default."""
        return {key: value for key, value in record.items() if value is not None and value != ""}

    @field_validator("channel", mode="before")
    @classmethod
    def _named_channel(cls, value: object) -> object:
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else value
        return CHANNEL_NUMBERS.get(text, text) if isinstance(text, str) else value

    @field_validator("published_at", "unpublished_at", mode="after")
    @classmethod
    def _in_utc(cls, instant: datetime | None) -> datetime | None:
        try:
            return instant and instant.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is outside the years 1 to 9999 in UTC") from error
