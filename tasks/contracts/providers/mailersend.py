"""MailerSend: activity webhooks, of both versions."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mailersend",
    marks=(("$.type", "$.webhook_id"), ("$.type", "$.domain_id", "$.data")),
    kind=(("$.data.type", "$.type"),),
    kinds={
        "sent": "accepted",
        "delivered": "delivered",
        "deferred": "deferred",
        "soft_bounced": "soft_bounced",
        "hard_bounced": "bounced",
        "suppressed": "suppressed",
        "opened": "opened",
        "opened_unique": "opened",
        "clicked": "clicked",
        "clicked_unique": "clicked",
        "unsubscribed": "unsubscribed",
        "spam_complaint": "complained",
        "spam_complaints": "complained",
        "webhook.test": None,
    },
    recipient=("$.data.email.recipient.email", "$.data.recipient.email", "$.data.recipient"),
    message_id=("$.data.email.message.id", "$.data.message_id"),
    logged_at=("$.data.created_at", "$.created_at"),
    reason=("$.data.morph.readable_reason", "$.data.morph.reason", "$.data.meta.bounce_reason",
            "$.data.meta.suppression_reason"),
    source_id=("$.data.id",),
    url=("$.data.morph.url",),
    user_agent=("$.data.morph.user_agent",),
)  # fmt: skip
