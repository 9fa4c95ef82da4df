"""Events that were checked at the border, as lines of the files that are taken in."""

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import AcceptedEvent

_FIELDS = {
    "event_key": "id", "event_type": "type", "channel": "wished_channel", "email": "email",
    "mobile_phone": "mobile_phone", "registration_token": "registration_token", "language": "language",
    "country": "country", "external_id": "external_id", "origin": "origin",
}  # fmt: skip
_DATES = {"created_at": "created", "scheduled_at": "scheduled", "expires_at": "expiration"}


def event_lines(events: dy.DataFrame[AcceptedEvent], /) -> pl.Series:
    """One JSON document a line; read again, each is the same event, its content key now its id."""
    texts = [pl.col(column).cast(pl.String).alias(name) for column, name in _FIELDS.items()]
    dates = [pl.col(column).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").alias(name) for column, name in _DATES.items()]
    fields = pl.struct(*texts, *dates).struct.json_encode().str.strip_suffix("}")
    # Within JSON a line break can be nothing but space.
    ctx = pl.col("ctx").str.replace_all(r"[\r\n]", " ")
    return events.select(pl.concat_str(fields, pl.lit(',"ctx":'), ctx, pl.lit("}")).alias("line"))["line"]
