"""Messages of plain templates, filled in for all events of the same texts at once, to the byte as Jinja makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import DeliverableEvent, MessageTemplate
from tasks.contracts.ingest_events import channel_address
from tasks.exchange.templates.plain_text import Field, PlainText, Value, plain_text
from tasks.exchange.templates.template_budget import MAX_CHARACTERS

FEW: Final = 100
"""So many messages of the same texts are as soon made one by one."""
LINE_BREAKING: Final = r"[\x00-\x1f\x7f\x85\u2028\u2029]+"
_TEXTS: Final = ("subject", "body_text", "body_html")
_SPACE: Final = r"^[\s\x1c-\x1f]*$"  # what Python takes for white space
_WHOLE_NUMBER: Final = r"^(?:0|-?[1-9][0-9]*)$"
# A decimal of 15 digits at most is the shortest text of its double, so Python prints it as it stands: but for those
# below 0.0001, which get an exponent.
_DECIMAL: Final = r"^-?(?:0|[1-9][0-9]*)\.(?:0|[0-9]*[1-9])$"
_EXPONENT: Final = r"^-?0\.0000"
_DECIMAL_DIGITS: Final = 15
_PRINTED: Final = {"true": "True", "false": "False"}
_ESCAPES: Final = {"&": "&amp;", ">": "&gt;", "<": "&lt;", "'": "&#39;", '"': "&#34;"}


@dataclass(frozen=True)
class SameTexts:
    """Deliveries whose templates have the same texts, all of them plain."""

    deliveries: list[int]
    texts: dict[str, PlainText]


def plain_texts(events: dy.DataFrame[DeliverableEvent], templates: dy.DataFrame[MessageTemplate]) -> list[SameTexts]:
    """The texts that are plain and that there are many messages of."""
    if events.height < FEW:
        return []
    numbers = events.group_by("delivery_id").len("messages")
    same = templates.join(numbers, on="delivery_id").group_by(_TEXTS, maintain_order=True)
    large = same.agg("delivery_id", pl.col("messages").sum()).filter(pl.col("messages") >= FEW)
    found = []
    for row in large.iter_rows(named=True):
        texts = {name: plain_text(row[name]) for name in _TEXTS if row[name] is not None}
        known = {name: text for name, text in texts.items() if text is not None}
        if len(known) == len(texts):
            found.append(SameTexts(row["delivery_id"], known))
    return found


def paths_to_fill_in(plain: Sequence[SameTexts]) -> list[str]:
    """Where in `ctx` the values are that the texts ask for, as JSONPath."""
    parts = [part for group in plain for text in group.texts.values() for part in text]
    return sorted({part.path for part in parts if isinstance(part, Value)})


def fill_in_messages(
    events: dy.DataFrame[DeliverableEvent], plain: Sequence[SameTexts], values: pl.DataFrame
) -> pl.DataFrame:
    """The messages of plain templates, where there are many of the same texts.

    Args:
        events: Events of any deliveries.
        plain: The texts of `plain_texts`.
        values: A row per event, a column per path of `paths_to_fill_in`: the value's JSON text, null where it lacks.

    Returns:
        `event_id`, `subject`, `body_text`, `body_html`. Left out is what Jinja is to see: values that are missing, that
        Python prints otherwise than JSON, that JSON escapes; texts that are too long, or of white space only.
    """
    if not plain:
        return _NONE
    of_group = pl.concat(
        pl.DataFrame({"delivery_id": group.deliveries}, schema={"delivery_id": pl.Int64}).with_columns(
            pl.lit(number).alias("group")
        )
        for number, group in enumerate(plain)
    )
    addressed = pl.concat([events, values], how="horizontal").filter(channel_address().is_not_null())
    parts = addressed.join(of_group, on="delivery_id", maintain_order="left").partition_by(
        "group", "channel", as_dict=True
    )
    made = [
        _filled_in(part, plain[int(number)].texts, is_mail=channel == "email")
        for (number, channel), part in parts.items()
    ]
    return pl.concat([_NONE, *made])


_NONE: Final = pl.DataFrame(schema={"event_id": pl.Int64, **dict.fromkeys(_TEXTS, pl.String)})


def _filled_in(events: pl.DataFrame, texts: dict[str, PlainText], *, is_mail: bool) -> pl.DataFrame:
    asked = [name for name in texts if is_mail or name != "body_html"]
    if not set(asked) - {"subject"}:
        return _NONE
    filled = {name: _text(texts[name], is_html=name == "body_html") for name in asked}
    made = events.select("event_id", **{name: filled.get(name, pl.lit(None, pl.String)) for name in _TEXTS})
    is_there = [pl.col(name).is_not_null() & ~pl.col(name).str.contains(_SPACE) for name in asked]
    is_short = [pl.col(name).str.len_bytes() <= MAX_CHARACTERS for name in asked]
    subject = pl.col("subject").str.replace_all(LINE_BREAKING, " ").str.strip_chars()
    return made.filter(*is_there, *is_short).with_columns(subject)


def _text(parts: PlainText, *, is_html: bool) -> pl.Expr:
    return pl.concat_str([_part(part, is_html=is_html) for part in parts] or [pl.lit("")])


def _part(part: str | Field | Value, *, is_html: bool) -> pl.Expr:
    if isinstance(part, str):
        return pl.lit(part)
    nothing = "None" if part.is_markup else ""  # the filter `safe` makes a text of whatever it gets
    if isinstance(part, Field):
        text = pl.col(part.column).cast(pl.String).fill_null(nothing)
    else:
        text = _printed(part.path, nothing)
    return text.str.replace_many(_ESCAPES) if is_html and not part.is_markup else text


def _printed(path: str, nothing: str) -> pl.Expr:
    """What Python prints of a JSON value, `nothing` of its null; null where that takes more than a look at it."""
    value = pl.col(path)
    is_text = value.str.starts_with('"') & ~value.str.contains("\\", literal=True)
    return (
        pl.when(is_text)
        .then(value.str.strip_prefix('"').str.strip_suffix('"'))
        .when(value.str.contains(_WHOLE_NUMBER) | _is_decimal(value))
        .then(value)
        .otherwise(value.replace_strict(_PRINTED | {"null": nothing}, default=None, return_dtype=pl.String))
    )


def _is_decimal(value: pl.Expr) -> pl.Expr:
    """Whether Python prints a number with a fraction as JSON has it."""
    is_short = value.str.len_bytes() <= _DECIMAL_DIGITS + 1
    return is_short & value.str.contains(_DECIMAL) & ~value.str.contains(_EXPONENT)
