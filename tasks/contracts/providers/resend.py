"""Resend: one event a webhook. With several recipients it does not say which it is about: the first is taken."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="resend",
    marks=(("$.type", "$.data.email_id"),),
    kind=(("$.type",), ("$.data.bounce.type",), ("$.data.bounce.subType",)),
    kinds={
        "email.scheduled": "queued",
        "email.sent": "accepted",
        "email.delivered": "delivered",
        "email.delivery_delayed": "deferred",
        "email.bounced": "bounced",
        "email.bounced/transient": "soft_bounced",
        "email.bounced/undetermined": "soft_bounced",
        "email.suppressed": "suppressed",
        "email.failed": "failed",
        "email.complained": "complained",
        "email.opened": "opened",
        "email.clicked": "clicked",
    },
    recipient=("$.data.to[0]", "$.data.to"),
    message_id=("$.data.email_id",),
    logged_at=("$.created_at",),
    event_id=("$.data.tags.event_id",),
    headers=("$.data.headers",),
    reason=("$.data.bounce.message", "$.data.failed.reason", "$.data.suppressed.message"),
    url=("$.data.click.link",),
    user_agent=(
        "$.data.click.userAgent",
        "$.data.open.userAgent",
    ),
)
