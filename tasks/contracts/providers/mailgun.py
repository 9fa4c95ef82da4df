"""Mailgun: webhooks and the events API, and the form posts of before July 2018."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mailgun",
    marks=(("$.event-data",), ("$.token", "$.timestamp", "$.signature"), ("$.event", "$.log-level")),
    opens=("$.event-data",),
    kind=(("$.event[0]", "$.event"), ("$.severity",), ("$.reason",)),
    kinds={
        "accepted": "queued",
        "stored": "queued",
        "rejected": "rejected",
        "delivered": "delivered",
        "failed": "bounced",
        "failed/temporary": "deferred",
        "failed/permanent/suppress-bounce": "suppressed",
        "failed/permanent/suppress-complaint": "suppressed",
        "failed/permanent/suppress-unsubscribe": "suppressed",
        "opened": "opened",
        "clicked": "clicked",
        "unsubscribed": "unsubscribed",
        "complained": "complained",
        "bounced": "bounced",
        "dropped": "suppressed",
    },
    recipient=("$.recipient[0]", "$.recipient", "$.message.headers.to"),
    message_id=("$.message.headers.message-id", "$.Message-Id", "$.message-id"),
    message_id_part=r"^<?([^<>]+)>?$",
    logged_at=("$.timestamp[#-1]", "$.timestamp"),
    event_id=("$.user-variables.event_id", "$.event_id"),
    reason=("$.delivery-status.message", "$.delivery-status.description", "$.reject.reason", "$.error",
            "$.notification", "$.description", "$.reason"),
    source_id=("$.id", "$.token[#-1]", "$.token"),
    url=("$.url",),
    user_agent=("$.client-info.user-agent", "$.user-agent",),
)  # fmt: skip
