"""Mailjet: event callbacks, one by one or grouped."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mailjet",
    marks=(("$.event", "$.time", "$.MessageID"), ("$.event", "$.mj_campaign_id")),
    kind=(("$.event",), ("$.hard_bounce",), ("$.error",)),
    kinds={
        "sent": "delivered",
        "open": "opened",
        "click": "clicked",
        "bounce": "soft_bounced",
        "bounce/true": "bounced",
        "bounce/false/greylisted": "deferred",
        "bounce/greylisted": "deferred",
        "blocked": "suppressed",
        "blocked/greylisted": "deferred",
        "blocked/false/greylisted": "deferred",
        "blocked/content blocked": "rejected",
        "blocked/policy issue": "rejected",
        "spam": "complained",
        "unsub": "unsubscribed",
    },
    recipient=("$.email",),
    message_id=("$.MessageID",),
    logged_at=("$.time",),
    event_id=("$.CustomID", "$.Payload"),
    reason=("$.comment", "$.smtp_reply", "$.error"),
    url=("$.url",),
    user_agent=("$.agent",),
)
