"""Between routing and hand-over: what an account knows of a person is added to the person's events.

The product has this as `MC_EnrichmentCustomJs`, for many events at once too.
"""

from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import DeliverableEvent
from tasks.contracts.enrich_events import Enrichment, HeldBackEvent
from tasks.exchange.reference_table import EnrichmentError, hook_of, reference_rows
from tasks.transforms.enrich_events import Enriched, event_keys, joined

CHANGEABLE: Final = ("ctx", "language", "country")
"""What a hook may change of an event."""


def enriched(events: dy.DataFrame[DeliverableEvent], rule: Enrichment | None) -> Enriched:
    """The events with what the account's table and hook add to them.

    Raises:
        EnrichmentError: The table cannot be read, or the hook raised, or broke its contract.
    """
    if rule is None:
        return Enriched(events, HeldBackEvent.create_empty())
    result = Enriched(events, HeldBackEvent.create_empty())
    if rule.table is not None:
        result = joined(events, reference_rows(rule, event_keys(events, rule)), rule)
    hook = hook_of(rule)
    if hook is None:
        return result
    try:
        return Enriched(_checked(result.events, hook(result.events)), result.held_back)
    except Exception as error:
        raise EnrichmentError(f"The hook {rule.hook} failed: {error!r}") from error


def _checked(before: dy.DataFrame[DeliverableEvent], after: pl.DataFrame) -> dy.DataFrame[DeliverableEvent]:
    """What a hook returned, if it keeps the contract: the same events, and nothing changed but what may be.

    Raises:
        ValueError, ValidationError, SchemaError: It does not.
    """
    found = DeliverableEvent.validate(after, cast=True).sort("event_id")
    kept = [name for name in DeliverableEvent.column_names() if name not in CHANGEABLE]
    if not found.select(kept).equals(before.sort("event_id").select(kept)):
        raise ValueError(f"it returned other events, or changed more of them than {', '.join(CHANGEABLE)}")
    ordered = before.select("event_id").join(found, on="event_id", how="left", maintain_order="left")
    return DeliverableEvent.validate(ordered)
