"""Frames of ingestion: rows as read, their fields, events accepted, rows rejected."""

import dataframely as dy
import polars as pl

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import CHANNEL_ADDRESS, CHANNELS, CTX_MAX_BYTES


class ReceivedRow(Frame):
    """One row of an input file, whatever its format, as one JSON document."""

    line = dy.Int64(min=1)  # line, record or element number within the file
    raw = dy.String(nullable=True)  # the row as it stood in the file
    document = dy.String(nullable=True)  # the row as a JSON object; null where it could not be read
    problem = dy.String(nullable=True)  # what kept the reader from making a document


class RowPlace(Frame):
    """Where the rows of many files stand, their lines counted over all of them."""

    line = dy.Int64(min=1)
    file = dy.Int64(min=0)  # which of the files
    file_line = dy.Int64(min=1)  # line within it


class EventFields(Frame):
    """The fields of a received row as text, CloudEvents already unwrapped. Null where absent or empty."""

    line = dy.Int64(min=1)
    raw = dy.String(nullable=True)
    problem = dy.String(nullable=True)  # why the row has no fields at all
    event_key = dy.String(nullable=True)  # the caller's id; null where the content is the key
    event_type = dy.String(nullable=True)
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    wished_channel = dy.String(nullable=True)
    language = dy.String(nullable=True)
    country = dy.String(nullable=True)
    external_id = dy.String(nullable=True)
    origin = dy.String(nullable=True)
    created = dy.String(nullable=True)
    scheduled = dy.String(nullable=True)
    expiration = dy.String(nullable=True)
    ctx = dy.String(nullable=True)  # JSON object text, unknown fields folded in; null where it is no object


LOCAL_ATOM = r"[^\s@.<>(),;:\"\\\[\]\x00-\x1f\x7f]+"
LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
EMAIL = rf"^{LOCAL_ATOM}(?:\.{LOCAL_ATOM})*@(?:{LABEL}\.)*{LABEL}$"
"""An RFC 5321 mailbox with a dot-string local part; quoted local parts and address literals are refused."""
EMAIL_MAX_BYTES = 254
TOKEN_MAX_BYTES = 4_096
PHONE = r"^\+?[0-9]{3,20}$"


class CandidateEvent(Frame):
    """A row with typed fields. Its rules are the reasons for which a row is rejected."""

    line = dy.Int64(min=1)
    raw = dy.String(nullable=True)
    problem = dy.String(nullable=True)
    event_key = dy.String(nullable=True)
    event_type = dy.String(nullable=True)
    channel = dy.String(nullable=True)
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    language = dy.String(nullable=True)
    country = dy.String(nullable=True)
    external_id = dy.String(nullable=True)
    origin = dy.String(nullable=True)
    created_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    scheduled_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    dates_possible = dy.Bool()  # every date given could be read
    ctx = dy.String(nullable=True)

    @dy.rule()
    def unparseable(cls) -> pl.Expr:
        """The reader made a document of the row."""
        return pl.col("problem").is_null()

    @dy.rule()
    def no_type(cls) -> pl.Expr:
        """The event says what happened."""
        return pl.col("event_type").is_not_null()

    @dy.rule()
    def unknown_channel(cls) -> pl.Expr:
        """The wanted channel is one of ours."""
        return pl.col("channel").is_in(CHANNELS)

    @dy.rule()
    def no_address(cls) -> pl.Expr:
        """There is an address for the channel."""
        return channel_address().is_not_null()

    @dy.rule()
    def malformed_address(cls) -> pl.Expr:
        """The address of the channel can be one."""
        return (
            pl.when(pl.col("channel") == "email")
            .then(pl.col("email").str.contains(EMAIL) & (pl.col("email").str.len_bytes() <= EMAIL_MAX_BYTES))
            .when(pl.col("channel") == "sms")
            .then(pl.col("mobile_phone").str.contains(PHONE))
            .otherwise(pl.col("registration_token").str.len_bytes() <= TOKEN_MAX_BYTES)
        )

    @dy.rule()
    def ctx_not_an_object(cls) -> pl.Expr:
        """`ctx` is a JSON object."""
        return pl.col("ctx").is_not_null()

    @dy.rule()
    def ctx_too_large(cls) -> pl.Expr:
        """`ctx` keeps to the size limit."""
        return pl.col("ctx").str.len_bytes() <= CTX_MAX_BYTES

    @dy.rule()
    def impossible_date(cls) -> pl.Expr:
        """Every date given could be read."""
        return pl.col("dates_possible")


class AcceptedEvent(Frame):
    """A valid event, not yet compared with those already known."""

    line = dy.Int64(min=1)
    event_key = dy.String(min_length=1)
    event_type = dy.String(min_length=1)
    channel = dy.Enum(CHANNELS)
    email = dy.String(nullable=True)
    mobile_phone = dy.String(nullable=True)
    registration_token = dy.String(nullable=True)
    language = dy.String(nullable=True)
    country = dy.String(nullable=True)
    external_id = dy.String(nullable=True)
    origin = dy.String(nullable=True)
    ctx = dy.String()
    created_at = dy.Datetime(time_unit="us", time_zone="UTC")
    scheduled_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    expires_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")


class FiledEvent(AcceptedEvent):
    """A valid event of one of many files; `line` counts over all of them."""

    file = dy.Int64(min=0)


class GivenId(Frame):
    """The id that was given out for a row before it was taken in; copies of an event have ids too."""

    file = dy.Int64(min=0)
    event_key = dy.String(min_length=1)
    event_id = dy.Int64(min=1)


class RejectedRow(Frame):
    """A row that cannot be an event or a log row, with its reason."""

    line = dy.Int64(min=1)
    reason = dy.String(min_length=1)
    detail = dy.String(nullable=True)
    raw = dy.String(nullable=True)


class FiledRejection(RejectedRow):
    """A row of one of many files that cannot be an event; `line` is the one within its file."""

    file = dy.Int64(min=0)


def channel_address() -> pl.Expr:
    """The address column that the row's channel uses."""
    address = pl.lit(None, dtype=pl.String)
    for channel, column in CHANNEL_ADDRESS.items():
        address = pl.when(pl.col("channel") == channel).then(pl.col(column)).otherwise(address)
    return address
