"""Frames of delivery-log collection, and what each kind means for a status."""

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import PolicyName
from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import KINDS, STATUSES, Kind, Status


class LogFields(Frame):
    """The fields of a received log row as text. Null where absent."""

    line = dy.Int64(min=1)
    raw = dy.String(nullable=True)
    problem = dy.String(nullable=True)  # why the row has no fields at all
    event_id = dy.String(nullable=True)
    provider_message_id = dy.String(nullable=True)
    recipient = dy.String(nullable=True)
    kind = dy.String(nullable=True)
    logged_at = dy.String(nullable=True)
    reason = dy.String(nullable=True)
    provider = dy.String(nullable=True)
    source_id = dy.String(nullable=True)
    url = dy.String(nullable=True)  # the link that was clicked
    user_agent = dy.String(nullable=True)  # what it was opened or clicked with


class CandidateLogRow(Frame):
    """A log row with typed fields. Its rules are the reasons for which a row is rejected."""

    line = dy.Int64(min=1)
    raw = dy.String(nullable=True)
    problem = dy.String(nullable=True)
    event_id = dy.Int64(nullable=True)
    event_id_readable = dy.Bool()  # a given event id is a 64-bit integer
    provider_message_id = dy.String(nullable=True)
    recipient = dy.String(nullable=True)
    kind = dy.String(nullable=True)
    logged_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    reason = dy.String(nullable=True)
    provider = dy.String(nullable=True)
    source_id = dy.String(nullable=True)
    url = dy.String(nullable=True)
    user_agent = dy.String(nullable=True)

    @dy.rule()
    def unparseable(cls) -> pl.Expr:
        """The reader made a document of the row."""
        return pl.col("problem").is_null()

    @dy.rule()
    def malformed_event_id(cls) -> pl.Expr:
        """An event id, where given, is a positive 64-bit integer."""
        return pl.col("event_id_readable")

    @dy.rule()
    def no_event(cls) -> pl.Expr:
        """The row says which message it is about."""
        return pl.any_horizontal(pl.col("event_id", "provider_message_id").is_not_null())

    @dy.rule()
    def no_kind(cls) -> pl.Expr:
        """The row says what happened."""
        return pl.col("kind").is_not_null()

    @dy.rule()
    def impossible_date(cls) -> pl.Expr:
        """The row says when it happened: without an instant it could not be told from its own copy."""
        return pl.col("logged_at").is_not_null()


LOG_REJECT_REASONS = ("unparseable", "malformed_event_id", "no_event", "no_kind", "impossible_date")
"""Why a row is no delivery-log row, the most telling first."""

KIND_ALIASES: dict[str, Kind] = {
    "bounce": "bounced",
    "hard_bounce": "bounced",
    "hard_bounced": "bounced",
    "soft_bounce": "soft_bounced",
    "click": "clicked",
    "complaint": "complained",
    "deferral": "deferred",
    "delivery": "delivered",
    "open": "opened",
    "reject": "rejected",
    "unsubscribe": "unsubscribed",
}
"""Other words for a kind that canonical logs may use."""


class DeliveryLogRow(Frame):
    """One normalised delivery-log row. Its key: event or message, recipient, kind, instant and source id."""

    line = dy.Int64(min=1)
    event_id = dy.Int64(nullable=True)
    provider_message_id = dy.String(nullable=True)
    recipient = dy.String(nullable=True)  # bare address, lower case
    kind = dy.Enum(KINDS)
    logged_at = dy.Datetime(time_unit="us", time_zone="UTC")
    reason = dy.String(nullable=True)
    provider = dy.String(nullable=True)
    source_id = dy.String(nullable=True)
    url = dy.String(nullable=True)
    user_agent = dy.String(nullable=True)


class StatusRule(Frame):
    """What a kind of log row makes of its event, under one policy."""

    kind = dy.Enum(KINDS, primary_key=True)
    rank = dy.Int16(nullable=True)  # null: the kind changes nothing
    severity = dy.Int16(nullable=True)  # the product's own rank: decides between kinds of one rank and instant
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
            "severity": [POLICIES["message-center"][kind][0] for kind in rules],
            "status": [status for _, status in rules.values()],
        },
        schema=pl.Schema(StatusRule),
    )
    return StatusRule.validate(frame)
