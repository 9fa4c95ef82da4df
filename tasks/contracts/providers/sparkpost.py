"""SparkPost: batches of events, each in an object of its class."""

from tasks.contracts.provider_logs import Paths, ProviderFormat

_CLASSES = ("message_event", "track_event", "gen_event", "unsubscribe_event", "relay_event", "ab_test_event")


def _in_each(*names: str) -> Paths:
    return tuple(f"$.{name}" for name in names) + tuple(f"$.{of}.{name}" for name in names for of in _CLASSES)


FORMAT = ProviderFormat(
    name="sparkpost",
    marks=(("$.msys",),),
    opens=("$.msys",),
    kind=(_in_each("type"), _in_each("bounce_class")),
    kinds={
        "": None,  # a ping
        "injection": "queued",
        "delivery": "delivered",
        "delay": "deferred",
        "policy_rejection": "rejected",
        "generation_failure": "failed",
        "generation_rejection": "rejected",
        "spam_complaint": "complained",
        "list_unsubscribe": "unsubscribed",
        "link_unsubscribe": "unsubscribed",
        "open": "opened",
        "initial_open": "opened",
        "amp_initial_open": "opened",
        "amp_open": "opened",
        "click": "clicked",
        "amp_click": "clicked",
        **dict.fromkeys(("bounce", "out_of_band"), "soft_bounced"),
        **{f"{of}/{hard}": "bounced" for of in ("bounce", "out_of_band") for hard in (10, 25, 30)},
        **{f"{of}/{answer}": "autoresponded" for of in ("bounce", "out_of_band") for answer in (60, 100)},
        **{f"{of}/80": "unknown" for of in ("bounce", "out_of_band")},
        **{f"{of}/90": "unsubscribed" for of in ("bounce", "out_of_band")},
    },
    recipient=_in_each("raw_rcpt_to", "rcpt_to"),
    message_id=_in_each("transmission_id", "message_id"),
    logged_at=_in_each("timestamp"),
    event_id=_in_each("rcpt_meta.event_id"),
    reason=_in_each("raw_reason", "reason"),
    source_id=_in_each("event_id"),
    url=_in_each("target_link_url"),
    user_agent=_in_each("user_agent"),
)
