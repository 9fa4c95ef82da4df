"""Unisender Go: events by user."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="unisender_go",
    marks=(("$.events_by_user",), ("$.event_name", "$.event_data")),
    opens=("$.events_by_user", "$.events", "$.event_data"),
    kind=(("$.status", "$.block_type"),),
    kinds={
        "accepted": "queued",
        "sent": "accepted",
        "delivered": "delivered",
        "soft_bounced": "soft_bounced",
        "hard_bounced": "bounced",
        "opened": "opened",
        "clicked": "clicked",
        "unsubscribed": "unsubscribed",
        "spam": "complained",
        "one_smtp": None,
        "all_smtps": None,
        "domain": None,
    },
    recipient=("$.email",),
    message_id=("$.metadata.message_id", "$.job_id"),
    logged_at=("$.event_time",),
    event_id=("$.metadata.event_id",),
    reason=("$.delivery_info.destination_response", "$.delivery_info.delivery_status"),
    url=("$.url",),
    user_agent=("$.delivery_info.user_agent",),
)
