"""Sweego: webhooks for mail and SMS."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="sweego",
    marks=(("$.event_type", "$.swg_uid"),),
    kind=(("$.event_type",),),
    kinds={
        "email_sent": "queued",
        "sms_sent": "accepted",
        "delivered": "delivered",
        "soft-bounce": "soft_bounced",
        "soft_bounce": "soft_bounced",
        "hard_bounce": "bounced",
        "hard-bounce": "bounced",
        "undelivered": "failed",
        "complaint": "complained",
        "list_unsub": "unsubscribed",
        "unsubscribe": "unsubscribed",
        "email_opened": "opened",
        "email_clicked": "clicked",
    },
    recipient=("$.recipient", "$.phone_number"),
    message_id=("$.headers.x-transaction-id", "$.swg_uid"),
    logged_at=("$.timestamp",),
    reason=("$.details",),
    source_id=("$.event_id",),
    url=("$.url",),
    user_agent=("$.user_agent",),
)
