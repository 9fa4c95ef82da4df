"""Exim's main log: a row for each line that says what became of a recipient, known by the message id.

Where an address was redirected, the row is about the one that the message was sent to.
"""

from datetime import datetime
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.exchange.delivery_logs.log_lines import as_log_fields

PROVIDER: Final = "exim"
_ID = r"(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
MARK: Final = rf"^\d{{4}}-\d{{2}}-\d{{2}} \d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?: [+-]\d{{4}})?(?: \[\d+\])? {_ID} "
_TIME = r"^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [+-]\d{4})?)"
_FLAG = rf"{_ID} (=>|->|>>|\*>|\*\*|==) "
_FIRST = rf"{_ID} (?:=>|->|>>|\*>|\*\*|==) ([^\s:]+)"
_ORIGINAL = rf"{_ID} (?:=>|->|>>|\*>|\*\*|==) [^\s:]+(?: \([^)]*\))? <([^>\s]+)>"
_REASON = r"(?:: | C=\")(.*?)\"?$"
_KINDS = {
    "=>": "delivered",
    "->": "delivered",
    ">>": "delivered",
    "*>": "suppressed",
    "**": "bounced",
    "==": "deferred",
}


def exim_fields(lines: pl.DataFrame, *, received_at: datetime) -> dy.DataFrame[LogFields]:
    """The log rows among the lines of an Exim main log. Times without an offset are UTC.

    Args:
        lines: `line` (from 1) and `raw`.
        received_at: For lines without a time.
    """
    text = pl.col("raw")
    found = lines.select(
        "line",
        "raw",
        provider_message_id=text.str.extract(f"({_ID}) "),
        recipient=pl.coalesce(text.str.extract(_ORIGINAL), text.str.extract(_FIRST)),
        kind=text.str.extract(_FLAG).replace_strict(_KINDS, default=None, return_dtype=pl.String),
        logged_at=pl.coalesce(text.str.extract(_TIME), pl.lit(received_at.isoformat())),
        reason=text.str.extract(_REASON),
    )
    return as_log_fields(found.filter(pl.col("kind").is_not_null()), provider=PROVIDER)
