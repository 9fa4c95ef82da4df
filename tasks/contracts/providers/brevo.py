"""Brevo (Sendinblue): transactional webhooks. Only `ts_epoch` and `ts_event` are UTC."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="brevo",
    marks=(("$.event", "$.message-id", "$.email"), ("$.event", "$.ts_event"), ("$.event", "$.ts_epoch")),
    kind=(("$.event",),),
    kinds={
        "request": "queued",
        "sent": "queued",
        "delivered": "delivered",
        "deferred": "deferred",
        "soft_bounce": "soft_bounced",
        "hard_bounce": "bounced",
        "invalid_email": "bounced",
        "invalid": "bounced",
        "error": "failed",
        "blocked": "suppressed",
        "spam": "complained",
        "complaint": "complained",
        "opened": "opened",
        "unique_opened": "opened",
        "proxy_open": "opened",
        "unique_proxy_open": "opened",
        "click": "clicked",
        "unsubscribe": "unsubscribed",
        "unsubscribed": "unsubscribed",
    },
    recipient=("$.email",),
    message_id=("$.message-id",),
    logged_at=("$.ts_epoch", "$.ts_event"),
    event_id=("$.X-Mailin-custom",),
    reason=("$.reason",),
    url=("$.link",),
    user_agent=("$.user_agent",),
)
