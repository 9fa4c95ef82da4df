"""Vonage (Nexmo): status webhooks of the Messages API."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="vonage",
    marks=(("$.message_uuid", "$.status"),),
    kind=(("$.status",),),
    kinds={
        "submitted": "accepted",
        "delivered": "delivered",
        "read": "opened",
        "rejected": "failed",
        "undeliverable": "failed",
    },
    recipient=("$.to",),
    message_id=("$.message_uuid",),
    logged_at=("$.timestamp",),
    event_id=("$.client_ref",),
    reason=("$.error.detail", "$.error.title"),
)
