"""FireText: SMS delivery receipts. Its times are local and without an offset, so they are not used."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="firetext",
    marks=(("$.mobile", "$.reference", "$.status"),),
    kind=(("$.status",), ("$.code",)),
    kinds={
        "0": "delivered",
        "1": "bounced",
        **{f"1/{code}": "soft_bounced" for code in ("000", "102", "103", "104", "302", "900")},
        "2": "deferred",
    },
    recipient=("$.mobile",),
    message_id=("$.reference",),
    reason=("$.code",),
)
