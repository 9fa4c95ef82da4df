"""MMG: SMS delivery receipts. Its times are local and without an offset, so they are not used."""

from tasks.contracts.provider_logs import ProviderFormat

FORMAT = ProviderFormat(
    name="mmg",
    marks=(("$.CID", "$.MSISDN", "$.status"),),
    kind=(("$.status",),),
    kinds={"2": "bounced", "3": "delivered", "4": "soft_bounced", "5": "bounced"},
    recipient=("$.MSISDN",),
    message_id=("$.CID",),
    reason=("$.substatus",),
)
