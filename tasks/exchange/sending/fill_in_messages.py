"""Messages of plain templates, filled in for all events of a delivery at once, to the byte as Jinja makes them."""

from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import DeliverableEvent, MessageTemplate
from tasks.contracts.ingest_events import channel_address
from tasks.exchange.templates.plain_text import Field, PlainText, Value, plain_text
from tasks.exchange.templates.template_budget import MAX_CHARACTERS

FEW: Final = 200
"""So many messages of a delivery are as soon made one by one."""
LINE_BREAKING: Final = r"[\x00-\x1f\x7f\x85\u2028\u2029]+"
_TEXTS: Final = ("subject", "body_text", "body_html")
_SPACE: Final = r"^[\s\x1c-\x1f]*$"  # what Python takes for white space
_WHOLE_NUMBER: Final = r"^(?:0|-?[1-9][0-9]*)$"
_PRINTED: Final = {"true": "True", "false": "False", "null": ""}
_ESCAPES: Final = {"&": "&amp;", ">": "&gt;", "<": "&lt;", "'": "&#39;", '"': "&#34;"}


def paths_to_fill_in(events: dy.DataFrame[DeliverableEvent], templates: dy.DataFrame[MessageTemplate]) -> list[str]:
    """Where in `ctx` the values are that plain templates of large deliveries ask for, as JSONPath."""
    parts = [part for template in _plain(events, templates).values() for text in template.values() for part in text]
    return sorted({part.path for part in parts if isinstance(part, Value)})


def fill_in_messages(
    events: dy.DataFrame[DeliverableEvent], templates: dy.DataFrame[MessageTemplate], values: pl.DataFrame
) -> pl.DataFrame:
    """The messages of large deliveries whose templates are plain.

    Args:
        events: Events of any deliveries.
        templates: Their templates.
        values: A row per event, a column per path of `paths_to_fill_in`: the value's JSON text, null where it lacks.

    Returns:
        `event_id`, `subject`, `body_text`, `body_html`. Left out is what Jinja is to see: values that are missing, that
        Python prints otherwise than JSON, that JSON escapes; texts that are too long, or of white space only.
    """
    made = [_NONE]
    plain = _plain(events, templates)
    if plain:
        together = pl.concat([events, values], how="horizontal")
        large = together.filter(pl.col("delivery_id").is_in(list(plain)), channel_address().is_not_null())
        parts = large.partition_by("delivery_id", "channel", as_dict=True)
        made += [
            _filled_in(part, plain[delivery_id], is_mail=channel == "email")
            for (delivery_id, channel), part in parts.items()
        ]
    return pl.concat(made)


_NONE: Final = pl.DataFrame(schema={"event_id": pl.Int64, **dict.fromkeys(_TEXTS, pl.String)})


def _plain(
    events: dy.DataFrame[DeliverableEvent], templates: dy.DataFrame[MessageTemplate]
) -> dict[int, dict[str, PlainText]]:
    """By delivery, the parts of the texts, where all of them are plain and there are many messages."""
    if events.height < FEW:
        return {}
    large = events.group_by("delivery_id").len().filter(pl.col("len") >= FEW)
    found = {}
    for row in templates.join(large, on="delivery_id", how="semi").iter_rows(named=True):
        texts = {name: plain_text(row[name]) for name in _TEXTS if row[name] is not None}
        plain = {name: text for name, text in texts.items() if text is not None}
        if len(plain) == len(texts):
            found[row["delivery_id"]] = plain
    return found


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
    text = pl.col(part.column).cast(pl.String).fill_null("") if isinstance(part, Field) else _printed(part.path)
    return text.str.replace_many(_ESCAPES) if is_html and not part.is_markup else text


def _printed(path: str) -> pl.Expr:
    """What Python prints of a JSON value; null where that takes more than a look at it."""
    value = pl.col(path)
    is_text = value.str.starts_with('"') & ~value.str.contains("\\", literal=True)
    return (
        pl.when(is_text)
        .then(value.str.strip_prefix('"').str.strip_suffix('"'))
        .when(value.str.contains(_WHOLE_NUMBER))
        .then(value)
        .otherwise(value.replace_strict(_PRINTED, default=None, return_dtype=pl.String))
    )
