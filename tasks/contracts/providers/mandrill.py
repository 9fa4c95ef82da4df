"""Mailchimp Transactional (Mandrill): batches of message events."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mandrill",
    marks=(("$.mandrill_events",), ("$._id", "$.msg", "$.ts"), ("$.type", "$.action", "$.reject")),
    opens=("$.mandrill_events",),
    kind=(("$.event", "$.type"),),
    kinds={
        "send": "accepted",
        "delivered": "delivered",
        "deferral": "deferred",
        "hard_bounce": "bounced",
        "soft_bounce": "soft_bounced",
        "reject": "suppressed",
        "open": "opened",
        "click": "clicked",
        "spam": "complained",
        "unsub": "unsubscribed",
    },
    recipient=("$.msg.email", "$.reject.email"),
    message_id=("$._id", "$.msg._id"),
    logged_at=("$.ts",),
    event_id=("$.msg.metadata.event_id",),
    reason=("$.msg.diag", "$.msg.bounce_description", "$.reject.detail", "$.reject.reason"),
    url=("$.url",),
    user_agent=("$.user_agent",),
)
