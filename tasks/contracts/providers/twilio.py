"""Twilio SMS: status callbacks. They carry no time, and none is sent for the first status."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="twilio",
    marks=(("$.MessageSid",), ("$.SmsSid",)),
    kind=(("$.MessageStatus", "$.SmsStatus"),),
    kinds={
        "accepted": "queued",
        "scheduled": "queued",
        "queued": "queued",
        "sending": "accepted",
        "sent": "accepted",
        "delivered": "delivered",
        "read": "opened",
        "undelivered": "failed",
        "failed": "failed",
        "canceled": "rejected",
    },
    recipient=("$.To",),
    message_id=("$.MessageSid", "$.SmsSid"),
    event_id=("$.event_id",),
    reason=("$.ErrorMessage", "$.ErrorCode"),
)
