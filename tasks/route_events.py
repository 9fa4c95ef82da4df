"""Stage 3: pending events are linked to a template and a delivery, expire, or are not taken into account."""

from dataclasses import dataclass
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.publish_templates import RoutingTemplate
from tasks.contracts.route_events import PendingEvent, RoutingDecision
from tasks.contracts.vocabulary import Queue
from tasks.stage import stage
from tasks.store import route_events as in_store
from tasks.store.connection import StoreFile
from tasks.store.publish_templates import routing_templates
from tasks.transforms import route_events as transform
from tasks.transforms.template_conditions import compile_condition


@dataclass(frozen=True)
class RoutingCounts:
    """What became of the pending events of a queue."""

    due: int
    """Events whose time had come, those that expired not among them."""
    pending_delivery: int
    not_taken_into_account: int
    expired: int
    deferred: int
    """Events that stay pending: scheduled for later, waiting for their next try, or won by a paused template."""
    template_paused: int
    """Of these, the last."""


@dataclass(frozen=True)
class Routing:
    """The decisions on a queue's pending events, not applied yet."""

    decisions: dy.DataFrame[RoutingDecision]
    due: int
    waiting: int


@stage
def read_pending_events(store: StoreFile, queue: Queue) -> dy.DataFrame[PendingEvent]:
    """The pending events of a queue."""
    return in_store.pending_events(store, queue)


@stage
def read_routing_templates(store: StoreFile) -> dy.DataFrame[RoutingTemplate]:
    """All versions of the account's templates, without their bodies."""
    return routing_templates(store)


@stage
def route(
    store: StoreFile,
    events: dy.DataFrame[PendingEvent],
    templates: dy.DataFrame[RoutingTemplate],
    *,
    now: datetime,
    as_of_creation: bool = False,
) -> Routing:
    """Decides on pending events as of `now`, or by the templates of each event's own creation."""
    parts = transform.triage(events, now=now)
    found = transform.routing_timeline(parts.due, templates, at=None if as_of_creation else now)
    holds = _conditions_met(store, transform.events_with_conditions(found), found.candidates)
    return Routing(transform.decide(parts, found, holds), parts.due.height, parts.waiting.height)


@stage(once=True)  # Many transactions: tried again, it would count none of those before the fault.
def apply_routing(
    store: StoreFile, routing: Routing, *, account: Account, queue: Queue, now: datetime
) -> RoutingCounts:
    """Writes the decisions, unless their event changed meanwhile, and counts them."""
    applied = in_store.apply_decisions(store, routing.decisions, queue=queue, cell_id=account.cell_id, now=now)
    by_status = dict(applied.group_by("status").len().iter_rows())
    ended = by_status.get("pending_delivery", 0) + by_status.get("not_taken_into_account", 0)
    return RoutingCounts(
        due=routing.due,
        pending_delivery=by_status.get("pending_delivery", 0),
        not_taken_into_account=by_status.get("not_taken_into_account", 0),
        expired=by_status.get("expired", 0),
        deferred=routing.waiting + routing.due - ended,
        template_paused=routing.due - ended,
    )


def _conditions_met(store: StoreFile, event_ids: pl.Series, candidates: pl.DataFrame) -> dict[str, pl.Series]:
    """Per condition among the candidates, the ids of the events for which it holds."""
    if event_ids.is_empty():
        return {}
    contexts = in_store.condition_contexts(store, event_ids)
    conditions = candidates["condition"].drop_nulls().unique()
    return {text: contexts.filter(compile_condition(text).holds(contexts))["event_id"] for text in conditions}
