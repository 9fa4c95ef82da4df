"""Postfix: a row for each line that says what became of a recipient, known by the queue id.

Lines of address probes (`status=deliverable`, `undeliverable`, and those of status code 2.1.5) are none.
"""

from datetime import datetime
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.exchange.delivery_logs.log_lines import as_log_fields, syslog_instant

PROVIDER: Final = "postfix"
MARK: Final = r"postfix[\w/.-]*\[\d+\]: "
_TIME = r"^(?:<\d{1,3}>)?((?:[A-Z][a-z]{2}\s+\d{1,2} \d{2}:\d{2}:\d{2})|(?:\d{4}-\d{2}-\d{2}T\S+)) "
_QUEUE_ID = r"(?:^|: )([0-9A-Za-z]{5,20}): "
_RECIPIENT = r": to=<?([^>,\s]+)>?, "
_STATUS = r", status=(\w[\w-]*)"
_CODE = r", dsn=(\d\.\d{1,3}\.\d{1,3})"
_REASON = r", status=[\w-]+,? \(?(.*?)\)?$"
_PROBE = "2.1.5"
_KINDS = {
    "sent": "delivered",
    "deferred": "deferred",
    "bounced": "bounced",
    "expired": "soft_bounced",
    "force-expired": "soft_bounced",
}


def postfix_fields(lines: pl.DataFrame, *, received_at: datetime) -> dy.DataFrame[LogFields]:
    """The log rows among the lines of a Postfix log.

    Args:
        lines: `line` (from 1) and `raw`.
        received_at: For lines without a time, and to tell the year of the others.
    """
    text = pl.col("raw")
    code = text.str.extract(_CODE)
    kind = text.str.extract(_STATUS).replace_strict(_KINDS, default=None, return_dtype=pl.String)
    found = lines.select(
        "line",
        "raw",
        provider_message_id=text.str.extract(_QUEUE_ID),
        recipient=text.str.extract(_RECIPIENT),
        kind=pl.when((kind == "bounced") & code.str.starts_with("4")).then(pl.lit("soft_bounced")).otherwise(kind),
        logged_at=syslog_instant(text.str.extract(_TIME), received_at=received_at),
        reason=pl.concat_str(code, text.str.extract(_REASON), separator=" ", ignore_nulls=True),
        code=code,
    )
    told = found.filter(pl.col("kind").is_not_null(), pl.col("code").ne_missing(_PROBE))
    return as_log_fields(told.drop("code"), provider=PROVIDER)
