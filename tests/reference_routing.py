"""Routing, one event at a time, word by word after design 3.2: slow and obvious, to compare with."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RefTemplate:
    template_id: str
    version: int
    event_type: str
    channel: str
    queue: str | None
    language: str | None
    priority: int
    condition: str | None
    published_at: datetime
    unpublished_at: datetime | None
    paused: bool


@dataclass(frozen=True)
class RefEvent:
    event_id: int
    queue: str
    event_type: str
    channel: str
    language: str | None
    country: str | None
    scheduled_at: datetime | None
    next_try_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True)
class RefDecision:
    status: str
    reason: str | None = None
    template: tuple[str, int] | None = None


def route(event: RefEvent, templates: list[RefTemplate], t: datetime) -> RefDecision:
    if event.expires_at is not None and event.expires_at <= t:
        return RefDecision("expired", "expiration_passed")
    for instant in (event.scheduled_at, event.next_try_at):
        if instant is not None and instant > t:
            return RefDecision("pending")
    candidates = [template for template in templates if _is_candidate(event, template, templates, t)]
    if not candidates:
        return RefDecision("not_taken_into_account", _reason(event, templates, t))
    best = min(candidates, key=_order)
    if best.paused:
        return RefDecision("pending", "template_paused")
    return RefDecision("pending_delivery", None, (best.template_id, best.version))


def _order(template: RefTemplate) -> tuple[int, int, float, int, str]:
    return (
        -template.priority,
        -len(template.language or ""),
        -template.published_at.timestamp(),
        -template.version,
        template.template_id,
    )


def _is_candidate(event: RefEvent, template: RefTemplate, templates: list[RefTemplate], t: datetime) -> bool:
    return (
        template.event_type == event.event_type
        and template.channel == event.channel
        and template.queue in (None, event.queue)
        and _in_force(template, templates, t)
        and _language_fits(template.language, event.language)
        and _holds(template.condition, event)
    )


def _in_force(template: RefTemplate, templates: list[RefTemplate], t: datetime) -> bool:
    published = [x for x in templates if x.template_id == template.template_id and x.published_at <= t]
    if not published:
        return False
    last = max(published, key=lambda x: (x.published_at, x.version))
    return last == template and (template.unpublished_at is None or template.unpublished_at > t)


def _language_fits(wanted: str | None, given: str | None) -> bool:
    if wanted is None:
        return True
    if given is None:
        return False
    wanted_tags = wanted.casefold().replace("_", "-").split("-")
    given_tags = given.casefold().replace("_", "-").split("-")
    return given_tags[: len(wanted_tags)] == wanted_tags


def _holds(condition: str | None, event: RefEvent) -> bool:
    if condition is None:
        return True
    wanted = condition.removeprefix("country = '").removesuffix("'")
    return event.country == wanted


def _reason(event: RefEvent, templates: list[RefTemplate], t: datetime) -> str:
    reason = "unknown_event_type"
    left = [x for x in templates if x.event_type == event.event_type]
    if not left:
        return reason
    reason = "no_template_for_channel"
    left = [x for x in left if x.channel == event.channel]
    if not left:
        return reason
    reason = "no_template_for_queue"
    left = [x for x in left if x.queue in (None, event.queue)]
    if not left:
        return reason
    reason = "template_not_published"
    left = [x for x in left if _in_force(x, templates, t)]
    if not left:
        return reason
    reason = "no_template_for_language"
    left = [x for x in left if _language_fits(x.language, event.language)]
    if not left:
        return reason
    return "condition_not_met"
