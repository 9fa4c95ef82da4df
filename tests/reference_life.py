"""The whole life of events, told row at a time from the design alone: slow, obvious, and knowing nothing of ours.

`Life` takes the same commands as the command line and answers what each must count; its `events` are what the
account store must hold afterwards.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CHANNELS = {"0": "email", "1": "sms", "41": "ios", "42": "android"}
ADDRESSES = {"email": "email", "sms": "mobile_phone", "ios": "registration_token", "android": "registration_token"}
CTX_LIMIT = 131_072

_FINAL = {
    "delivered": "sent", "opened": "sent", "clicked": "sent", "complained": "sent", "unsubscribed": "sent",
    "suppressed": "ignored", "rejected": "delivery_failed", "failed": "delivery_failed", "bounced": "delivery_failed",
}  # fmt: skip
STATUS_OF = {
    "queued": "pending_delivery", "accepted": "pending_delivery", "deferred": "pending_delivery",
    "soft_bounced": "delivery_failed", **_FINAL,
}  # fmt: skip
_FIRST = {"queued": 1, "accepted": 1, "deferred": 1, "soft_bounced": 2}
_ARRIVED = {kind: 3 for kind, status in _FINAL.items() if status == "sent"}
RANKS = {
    "message-center": {**_FIRST, **_ARRIVED, "suppressed": 4, "rejected": 5, "failed": 5, "bounced": 6},
    "first-final-wins": {**_FIRST, **dict.fromkeys(_FINAL, 3)},
    "best-wins": {
        **_FIRST, **dict.fromkeys(("rejected", "failed", "bounced"), 3), "suppressed": 4,
        **dict.fromkeys(_ARRIVED, 5),
    },
}  # fmt: skip
KINDS = (*STATUS_OF, "autoresponded", "unknown")


@dataclass(frozen=True)
class Condition:
    """A condition as text, and the same as a function of (event, ctx) that is true, false or None (unknown)."""

    text: str
    holds: Callable[["Event"], bool | None]


@dataclass
class Template:
    template_id: str
    version: int
    event_type: str
    channel: str
    published_at: datetime
    queue: str | None = None
    language: str | None = None
    priority: int = 0
    condition: Condition | None = None
    unpublished_at: datetime | None = None
    paused: bool = False


@dataclass
class Event:
    event_key: str | None
    queue: str
    event_type: str
    channel: str
    fields: dict[str, str | None]
    ctx: dict[str, Any]
    scheduled_at: datetime | None
    expires_at: datetime | None
    source_file: str
    status: str = "pending"
    reasons: set[str | None] = field(default_factory=lambda: {None})
    template_id: str | None = None
    template_version: int | None = None
    processed_at: datetime | None = None


@dataclass(frozen=True)
class LogRow:
    event_id: int | None
    provider_message_id: str | None
    recipient: str | None
    kind: str
    logged_at: datetime
    reason: str | None
    source_id: str | None

    def key(self) -> tuple[Any, ...]:
        about = ("event", self.event_id) if self.event_id is not None else ("message", self.provider_message_id)
        return (*about, (self.recipient or "").lower(), self.kind, self.logged_at, self.source_id)


class RejectionError(Exception):
    """A row that cannot be an event; the message is the reason's class."""


def instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    if not re.match(r"\d{4}-\d\d-\d\dT", text):
        raise RejectionError("impossible_date")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise RejectionError("impossible_date") from None


def wanted_channel(row: Mapping[str, Any]) -> str:
    wished = row.get("wished_channel")
    if wished is None:
        return "sms" if row.get("mobile_phone") and not row.get("email") else "email"
    if str(wished) not in CHANNELS and wished not in CHANNELS.values():
        raise RejectionError("unknown_channel")
    return CHANNELS.get(str(wished), str(wished))


def accepted_event(row: Mapping[str, Any], queue: str, source_file: str) -> Event:
    """The event that a row of canonical field names makes.

    Raises:
        RejectionError: It cannot be one.
    """
    if "broken" in row:
        raise RejectionError("unparseable")
    if not row.get("type"):
        raise RejectionError("no_type")
    channel = wanted_channel(row)
    address = row.get(ADDRESSES[channel])
    if not address:
        raise RejectionError("no_address")
    if channel == "email" and not re.fullmatch(r"[^@\s]+@[\w.-]*\w", address):
        raise RejectionError("malformed_address")
    if channel == "sms" and not re.fullmatch(r"\+?[0-9]{3,20}", address):
        raise RejectionError("malformed_address")
    ctx = row.get("ctx", {})
    if not isinstance(ctx, dict):
        raise RejectionError("ctx_not_an_object")
    if len(json.dumps(ctx)) > CTX_LIMIT:
        raise RejectionError("ctx_too_large")
    names = ("email", "mobile_phone", "registration_token", "language", "country", "external_id", "origin")
    created, scheduled, expires = (instant(row.get(name)) for name in ("created", "scheduled", "expiration"))
    fields = {name: row.get(name) for name in names} | {"created": created.isoformat() if created else None}
    key = None if row.get("id") is None else str(row["id"])
    ctx = {**ctx, **row.get("unknown", {})}
    return Event(key, queue, row["type"], channel, fields, ctx, scheduled, expires, source_file)


def identity(event: Event) -> tuple[Any, ...]:
    """What makes two rows the same event: the caller's id, else all that they say."""
    if event.event_key is not None:
        return ("key", event.event_key)
    instants = [at.timestamp() if at else None for at in (event.scheduled_at, event.expires_at)]
    created = event.fields["created"]
    said = {name: value for name, value in event.fields.items() if name != "created"}
    stamp = datetime.fromisoformat(created).timestamp() if created else None
    content = [event.event_type, event.channel, said, instants, stamp, event.ctx]
    return ("content", json.dumps(content, sort_keys=True))


def subtags(language: str | None) -> list[str]:
    return [] if not language else language.lower().replace("_", "-").split("-")


class Life:
    """One account."""

    def __init__(self, policy: str = "message-center", *, accepted_means_sent: bool = False) -> None:
        self.templates: list[Template] = []
        self.events: dict[tuple[Any, ...], Event] = {}
        self.logs: dict[tuple[Any, ...], LogRow] = {}
        self.ids: dict[int, Event] = {}
        self.ranks = dict(RANKS[policy])
        self.status_of = dict(STATUS_OF)
        if accepted_means_sent:
            self.ranks["accepted"], self.status_of["accepted"] = self.ranks["delivered"], "sent"

    # templates

    def unpublish(self, template_id: str, at: datetime) -> None:
        for template in self.templates:
            if template.template_id == template_id and template.published_at <= at:
                template.unpublished_at = min(template.unpublished_at or at, at)

    def pause(self, template_id: str, *, paused: bool) -> None:
        for template in self.templates:
            if template.template_id == template_id:
                template.paused = paused

    def active(self, at: datetime) -> list[Template]:
        latest: dict[str, Template] = {}
        for template in sorted(self.templates, key=lambda one: (one.published_at, one.version)):
            if template.published_at <= at:
                latest[template.template_id] = template
        return [one for one in latest.values() if one.unpublished_at is None or one.unpublished_at > at]

    # ingestion

    def ingest(self, rows: Iterable[Mapping[str, Any]], queue: str, source_file: str) -> tuple[Counter[str], list[Any]]:
        counts: Counter[str] = Counter(files=1, rows=0, accepted=0, duplicates=0, rejected=0)
        rejected = []
        for line, row in enumerate(rows, start=1):
            counts["rows"] += 1
            try:
                event = accepted_event(row, queue, source_file)
            except RejectionError as why:
                counts["rejected"] += 1
                rejected.append((line, str(why)))
                continue
            known = identity(event) in self.events
            counts["duplicates" if known else "accepted"] += 1
            self.events.setdefault(identity(event), event)
        return counts, rejected

    # routing

    def route(self, event: Event, at: datetime) -> tuple[Template | None, str | None]:
        left = self.templates
        for reason, fits in (
            ("unknown_event_type", lambda one: one.event_type == event.event_type),
            ("no_template_for_channel", lambda one: one.channel == event.channel),
            ("no_template_for_queue", lambda one: one.queue in (None, event.queue)),
            ("template_not_published", lambda one: one in self.active(at)),
            ("no_template_for_language", lambda one: self.speaks(one, event)),
            ("condition_not_met", lambda one: one.condition is None or one.condition.holds(event) is True),
        ):
            left = [one for one in left if fits(one)]
            if not left:
                return None, reason
        return min(left, key=self.preference), None

    @staticmethod
    def speaks(template: Template, event: Event) -> bool:
        wanted = subtags(template.language)
        return subtags(event.fields["language"])[: len(wanted)] == wanted

    @staticmethod
    def preference(one: Template) -> tuple[Any, ...]:
        latest_first = (-one.published_at.timestamp(), -one.version)
        return (-one.priority, -len(subtags(one.language)), *latest_first, one.template_id)

    def process(self, queue: str, now: datetime) -> Counter[str]:
        names = ("pending_delivery", "not_taken_into_account", "expired", "template_paused", "deferred")
        counts: Counter[str] = Counter(dict.fromkeys(names, 0))
        for event in self.events.values():
            if event.status != "pending" or event.queue != queue:
                continue
            if event.expires_at and event.expires_at <= now:
                event.status, event.reasons = "expired", {"expiration_passed"}
            elif event.scheduled_at and event.scheduled_at > now:
                counts["deferred"] += 1
                continue
            else:
                template, reason = self.route(event, now)
                if template is None:
                    event.status, event.reasons = "not_taken_into_account", {reason}
                elif template.paused:
                    event.reasons = {"template_paused"}
                    counts["template_paused"] += 1
                    counts["deferred"] += 1
                    continue
                else:
                    event.status, event.reasons = "pending_delivery", {None}
                    event.template_id, event.template_version = template.template_id, template.version
            counts[event.status] += 1
        return counts

    # delivery logs

    def log(self, rows: Iterable[LogRow]) -> Counter[str]:
        counts: Counter[str] = Counter(rows=0, stored=0, duplicates=0)
        for row in rows:
            counts["rows"] += 1
            counts["duplicates" if row.key() in self.logs else "stored"] += 1
            self.logs.setdefault(row.key(), row)
        return counts

    def logged_events(self) -> list[tuple[LogRow, Event | None]]:
        """Every log row with its event, by its id or by another row that tells whose message it was."""
        rows = self.logs.values()
        messages = {row.provider_message_id: row.event_id for row in rows if row.event_id and row.provider_message_id}
        return [(row, self.ids.get(row.event_id or messages.get(row.provider_message_id, -1))) for row in rows]

    def parked(self) -> int:
        """Log rows that wait: for an event that is not known, or not yet routed."""
        return sum(event is None or event.status == "pending" for _, event in self.logged_events())

    def update_status(self) -> int:
        """Every status anew from all that was ever logged; answers how many events got another status."""
        told: dict[int, list[LogRow]] = {}
        for row, event in self.logged_events():
            if event is not None and event.template_id is not None and row.kind in self.ranks:
                told.setdefault(id(event), []).append(row)
        changed = 0
        for event in self.events.values():
            rows = told.get(id(event), [])
            if not rows:
                continue
            best = max(self.ranks[row.kind] for row in rows)
            rows = [row for row in rows if self.ranks[row.kind] == best]
            first = min(row.logged_at for row in rows)
            rows = [row for row in rows if row.logged_at == first]
            statuses = {self.status_of[row.kind] for row in rows}
            assert len(statuses) == 1, "generated lives leave no doubt about a status"
            status = statuses.pop()
            changed += status != event.status
            event.status, event.reasons = status, {row.reason for row in rows}
            event.processed_at = None if status == "pending_delivery" else first
        return changed
