"""Postal: message, bounce and click webhooks of one's own server."""

from tasks.contracts.provider_logs import ProviderFormat

_OF_INCOMING = ("sent", "softfail", "hardfail", "held", "processed", "bounced", "messagebounced")
"""Of mails that the server received."""

FORMAT = ProviderFormat(
    name="postal",
    marks=(("$.event", "$.payload", "$.uuid"), ("$.payload.message",), ("$.payload.original_message",)),
    kind=(
        ("$.payload.status", "$.payload.bounce.direction", "$.event"),
        ("$.payload.message.direction", "$.payload.original_message.direction"),
    ),
    kinds={
        "sent": "delivered",
        "softfail": "deferred",
        "hardfail": "failed",
        "held": "queued",
        "messagesent": "delivered",
        "messagedelayed": "deferred",
        "messagedeliveryfailed": "failed",
        "messageheld": "queued",
        "messagebounced": "bounced",
        "incoming": "bounced",
        "messagelinkclicked": "clicked",
        "messageloaded": "opened",
        **{f"{status}/incoming": None for status in _OF_INCOMING},
    },
    recipient=("$.payload.message.to", "$.payload.original_message.to"),
    message_id=("$.payload.message.message_id", "$.payload.original_message.message_id"),
    logged_at=("$.payload.timestamp", "$.timestamp"),
    reason=("$.payload.output", "$.payload.details"),
    source_id=("$.uuid",),
    url=("$.payload.url",),
    user_agent=("$.payload.user_agent",),
)
