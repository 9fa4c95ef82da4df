"""Frames of delivery-log collection, and what each kind means for a status."""

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import PolicyName
from tasks.contracts.vocabulary import KINDS, STATUSES, Kind, Status


class DeliveryLogRow(dy.Schema):
    """One normalised delivery-log row. Its key: all of it but reason and provider."""

    line = dy.Int64(min=1)
    event_id = dy.Int64(nullable=True)
    provider_message_id = dy.String(nullable=True)
    recipient = dy.String(nullable=True)  # bare address, lower case
    kind = dy.Enum(KINDS)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")
    reason = dy.String(nullable=True)
    provider = dy.String(nullable=True)
    source_id = dy.String(nullable=True)


class StatusRule(dy.Schema):
    """What a kind of log row makes of its event, under one policy."""

    kind = dy.Enum(KINDS, primary_key=True)
    rank = dy.Int16(nullable=True)  # null: the kind changes nothing
    status = dy.Enum(STATUSES, nullable=True)


_UNCHANGING: dict[Kind, tuple[None, None]] = {"autoresponded": (None, None), "unknown": (None, None)}

POLICIES: dict[PolicyName, dict[Kind, tuple[int | None, Status | None]]] = {
    "message-center": {
        "queued": (1, "pending_delivery"),
        "accepted": (1, "pending_delivery"),
        "deferred": (1, "pending_delivery"),
        "soft_bounced": (2, "delivery_failed"),
        "delivered": (3, "sent"),
        "opened": (3, "sent"),
        "clicked": (3, "sent"),
        "complained": (3, "sent"),
        "unsubscribed": (3, "sent"),
        "suppressed": (4, "ignored"),
        "rejected": (5, "delivery_failed"),
        "failed": (5, "delivery_failed"),
        "bounced": (6, "delivery_failed"),
        **_UNCHANGING,
    },
    "first-final-wins": {
        "queued": (1, "pending_delivery"),
        "accepted": (1, "pending_delivery"),
        "deferred": (1, "pending_delivery"),
        "soft_bounced": (2, "delivery_failed"),
        "delivered": (3, "sent"),
        "opened": (3, "sent"),
        "clicked": (3, "sent"),
        "complained": (3, "sent"),
        "unsubscribed": (3, "sent"),
        "suppressed": (3, "ignored"),
        "rejected": (3, "delivery_failed"),
        "failed": (3, "delivery_failed"),
        "bounced": (3, "delivery_failed"),
        **_UNCHANGING,
    },
    "best-wins": {
        "queued": (1, "pending_delivery"),
        "accepted": (1, "pending_delivery"),
        "deferred": (1, "pending_delivery"),
        "soft_bounced": (2, "delivery_failed"),
        "bounced": (3, "delivery_failed"),
        "rejected": (3, "delivery_failed"),
        "failed": (3, "delivery_failed"),
        "suppressed": (4, "ignored"),
        "delivered": (5, "sent"),
        "opened": (5, "sent"),
        "clicked": (5, "sent"),
        "complained": (5, "sent"),
        "unsubscribed": (5, "sent"),
        **_UNCHANGING,
    },
}
"""Rank and status of every kind, per policy. Higher ranks win; of equal ranks the earliest instant does.

`message-center` is the product's own behaviour (a late bounce wins). Under `first-final-wins` the final
outcome that happened first stays. Under `best-wins` any sign of arrival outweighs any failure.
"""


def status_rules(policy: PolicyName, *, accepted_means_sent: bool = False) -> dy.DataFrame[StatusRule]:
    """The policy as a frame; `accepted_means_sent` lifts `accepted` to what `delivered` is."""
    rules = dict(POLICIES[policy])
    if accepted_means_sent:
        rules["accepted"] = rules["delivered"]
    frame = pl.DataFrame(
        {
            "kind": list(rules),
            "rank": [rank for rank, _ in rules.values()],
            "status": [status for _, status in rules.values()],
        },
        schema=pl.Schema(StatusRule),
    )
    return StatusRule.validate(frame)
