"""Mailomat: webhooks."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mailomat",
    marks=(("$.eventType", "$.messageUuid"),),
    kind=(("$.eventType",),),
    kinds={
        "accepted": "queued",
        "not_accepted": "rejected",
        "delivered": "delivered",
        "failure_tmp": "deferred",
        "failure_perm": "bounced",
        "opened": "opened",
        "clicked": "clicked",
    },
    recipient=("$.recipient",),
    message_id=("$.messageId", "$.messageUuid"),
    logged_at=("$.occurredAt",),
    source_id=("$.id",),
    url=("$.payload.url",),
    user_agent=("$.payload.client.user-agent",),
)
