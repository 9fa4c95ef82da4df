"""Mailtrap: batches of events. A suspended sending did not happen: rejected."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mailtrap",
    marks=(("$.events[0].event", "$.events[0].message_id"), ("$.event", "$.message_id", "$.event_id", "$.email")),
    opens=("$.events",),
    kind=(("$.event",),),
    kinds={
        "delivery": "delivered",
        "soft bounce": "soft_bounced",
        "bounce": "bounced",
        "suspension": "rejected",
        "reject": "suppressed",
        "open": "opened",
        "click": "clicked",
        "spam": "complained",
        "unsubscribe": "unsubscribed",
    },
    recipient=("$.email",),
    message_id=("$.message_id",),
    logged_at=("$.timestamp",),
    event_id=("$.custom_variables.event_id",),
    reason=("$.response", "$.reason", "$.bounce_category"),
    source_id=("$.event_id",),
    url=("$.url",),
    user_agent=("$.user_agent",),
)
