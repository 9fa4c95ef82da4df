"""Twilio SendGrid: the event webhook. Custom arguments lie at the top of an event."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="sendgrid",
    marks=(("$.sg_event_id",), ("$.sg_message_id",), ("$.smtp-id", "$.event")),
    kind=(("$.event",), ("$.type", "$.reason")),
    kinds={
        "processed": "queued",
        "delivered": "delivered",
        "deferred": "deferred",
        "bounce": "bounced",
        "bounce/blocked": "soft_bounced",
        "dropped": "suppressed",
        "dropped/invalid": "rejected",
        "dropped/spam content (if spam checker app enabled)": "rejected",
        "open": "opened",
        "click": "clicked",
        "spamreport": "complained",
        "unsubscribe": "unsubscribed",
        "group_unsubscribe": "unsubscribed",
    },
    recipient=("$.email",),
    message_id=("$.sg_message_id", "$.smtp-id"),
    message_id_part=r"^([^.]+)\.(?:filter|recv)",
    logged_at=("$.timestamp",),
    event_id=("$.event_id",),
    reason=("$.response", "$.reason"),
    source_id=("$.sg_event_id",),
    url=("$.url",),
    user_agent=("$.useragent",),
)
