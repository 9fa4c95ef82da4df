"""Messages from templates: Jinja in a sandbox, the data of an event as its variables, never as a template."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dataframely as dy
import polars as pl
from jinja2 import Template

from tasks.contracts.deliver_events import (
    MISSING_VARIABLE,
    NO_ADDRESS,
    NO_CONTENT,
    RENDER_ERROR,
    DeliverableEvent,
    MessageTemplate,
    RenderedMessage,
)
from tasks.contracts.ingest_events import channel_address
from tasks.exchange.sending.fill_in_messages import LINE_BREAKING
from tasks.exchange.templates.plain_text import CAMEL_CASE
from tasks.exchange.templates.template_budget import budget
from tasks.exchange.templates.template_sandbox import HTML, TEXT, MissingVariableError

REASON_MAX_CHARACTERS = 500
LOST = f"{RENDER_ERROR}: the delivery's template is not in the store"
_LINE_BREAKING = re.compile(LINE_BREAKING)


@dataclass(frozen=True)
class _Parts:
    """The compiled texts of a template version; a text that it lacks is None."""

    subject: Template | None
    body_text: Template | None
    body_html: Template | None


def render_messages(
    events: dy.DataFrame[DeliverableEvent], templates: dy.DataFrame[MessageTemplate], filled: pl.DataFrame
) -> dy.DataFrame[RenderedMessage]:
    """The messages of events, each by the template of its delivery.

    Variables of a template: `ctx` (the event's data), each field of it under its own name too, and `event` with
    the event's columns. `rtEvent` and `batchEvent` are other names of `event`, which has `ctx` within it as well.

    Args:
        events: Events of any deliveries.
        templates: The templates of these; a delivery whose template is lost has none.
        filled: The messages that `fill_in_messages` made.

    Returns:
        A row per event, in their order. Where it could not be rendered, `problem` says why and the texts are null:
        `missing_variable: <path>`, `render_error: <what>`, `no_content` or `no_address`.
    """
    addressed = events.with_columns(recipient=channel_address())
    others = addressed.join(filled, on="event_id", how="anti")
    texts = pl.concat([filled.with_columns(problem=pl.lit(None, pl.String)), _one_by_one(others, templates)])
    columns = ("event_id", "event_key", "delivery_id", "channel", "recipient")
    messages = addressed.select(columns).join(texts, on="event_id", how="left", maintain_order="left")
    senders = templates.select("delivery_id", "sender")
    return RenderedMessage.validate(
        messages.join(senders, on="delivery_id", how="left", maintain_order="left").select(
            RenderedMessage.column_names()
        ),
        cast=True,
    )


def _one_by_one(events: pl.DataFrame, templates: dy.DataFrame[MessageTemplate]) -> pl.DataFrame:
    """`event_id`, the texts, and `problem`."""
    parts = {row["delivery_id"]: _parts(row) for row in templates.iter_rows(named=True)}
    rows = [_message(event, parts.get(event["delivery_id"], LOST)) for event in events.iter_rows(named=True)]
    texts = pl.DataFrame(rows, schema=dict.fromkeys(("subject", "body_text", "body_html", "problem"), pl.String))
    return pl.concat([events.select("event_id"), texts], how="horizontal")


def _parts(template: dict[str, Any]) -> _Parts | str:
    """The compiled texts of a template, or why all of its messages cannot be rendered."""
    try:
        return _compiled(template["subject"], template["body_text"], template["body_html"])
    except Exception as error:  # noqa: BLE001 # a template may fail in any way, and costs only its own messages
        return _problem(error, {})


@lru_cache(maxsize=1_000)
def _compiled(subject: str | None, body_text: str | None, body_html: str | None) -> _Parts:
    return _Parts(
        None if subject is None else TEXT.from_string(subject),
        None if body_text is None else TEXT.from_string(body_text),
        None if body_html is None else HTML.from_string(body_html),
    )


def _message(event: dict[str, Any], parts: _Parts | str) -> dict[str, str | None]:
    if isinstance(parts, str):
        return {"problem": parts}
    if event["recipient"] is None:
        return {"problem": NO_ADDRESS}
    variables: dict[str, Any] = {}
    try:
        variables = _variables(event)
        with budget():
            subject = _text(parts.subject, variables)
            body_text = _text(parts.body_text, variables)
            body_html = _text(parts.body_html, variables) if event["channel"] == "email" else None
    except Exception as error:  # noqa: BLE001 # as above
        return {"problem": _problem(error, variables)}
    if body_text is None and body_html is None:
        return {"problem": NO_CONTENT}
    return {
        "subject": subject and _LINE_BREAKING.sub(" ", subject).strip(),
        "body_text": body_text,
        "body_html": body_html,
        "problem": None,
    }


def _variables(event: dict[str, Any]) -> dict[str, Any]:
    ctx = json.loads(event["ctx"], object_pairs_hook=_first_of_each)
    if not isinstance(ctx, dict):
        raise TypeError("ctx is not a JSON object")
    fields = {**event, **{alias: event[name] for alias, name in CAMEL_CASE.items()}, "ctx": ctx}
    return {**TEXT.globals, **ctx, "ctx": ctx, "event": fields, "rtEvent": fields, "batchEvent": fields}


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of equal names the first counts, as it does to the conditions of templates."""
    found = dict(pairs)
    if len(found) < len(pairs):
        found.update(reversed(pairs))
    return found


def _text(template: Template | None, variables: dict[str, Any]) -> str | None:
    """The rendered text; None where there is none, or nothing but white space."""
    if template is None:
        return None
    # Template.render would rewrite the traceback of every failure, at the price of a compilation each.
    context = template.new_context(variables, shared=True)
    text = TEXT.concat(template.root_render_func(context))
    return _encodable(text) if text and not text.isspace() else None


def _encodable(text: str) -> str:
    """The text with half characters, which JSON can escape and nothing can store, replaced."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _problem(error: Exception, variables: Mapping[str, Any]) -> str:
    if isinstance(error, MissingVariableError):
        return _encodable(f"{MISSING_VARIABLE}: {error.path(variables)}"[:REASON_MAX_CHARACTERS])
    what = str(error) if type(error).__module__.startswith(("jinja2", "tasks")) else f"{type(error).__name__}: {error}"
    return _encodable(f"{RENDER_ERROR}: {what}"[:REASON_MAX_CHARACTERS])
