"""AhaSend: webhooks."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="ahasend",
    marks=(("$.type", "$.data.account_id"), ("$.type", "$.data.recipient", "$.data.id", "$.timestamp")),
    kind=(("$.type",),),
    kinds={
        "message.reception": "queued",
        "message.delivered": "delivered",
        "message.deferred": "deferred",
        "message.transient_error": "deferred",
        "message.failed": "failed",
        "message.bounced": "bounced",
        "message.suppressed": "suppressed",
        "message.opened": "opened",
        "message.clicked": "clicked",
    },
    recipient=("$.data.recipient",),
    message_id=("$.data.message_id_header", "$.data.id"),
    logged_at=("$.timestamp",),
    url=("$.data.url",),
    user_agent=("$.data.user_agent",),
)
