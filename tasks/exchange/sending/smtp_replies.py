"""What a mail server's reply means for a message."""

import re
from dataclasses import dataclass

from tasks.exchange.sending.hand_over_journal import Result

TEMPORARY_FAILURE = 400
PERMANENT_FAILURE = 500
_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")
_RECIPIENT_UNKNOWN = re.compile(r"^5\.1\.(?![78]$)")  # 5.1.7 and 5.1.8 speak of the sender's address
_RECIPIENT_UNKNOWN_CODES = (550, 551, 553)
_QUEUE_ID = re.compile(r"queued as <?([^\s<>]+)|\bid=([^\s;]+)|\bok:? +([0-9a-f]{16}-[0-9a-f-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Reply:
    """A reply, and the command that it answers."""

    command: str  # MAIL, RCPT, DATA
    code: int
    text: str

    @property
    def reason(self) -> str:
        """Code and text in one line."""
        return f"{self.code} {' '.join(self.text.split())}"


def result_of(event_id: int, reply: Reply, message_id: str) -> Result:
    """The final reply to a message as a result.

    An unknown recipient bounces, anything else that is refused for good is rejected. The provider's id of an
    accepted message is the one that its reply tells, else our own Message-ID.
    """
    if reply.code < TEMPORARY_FAILURE:
        told = _QUEUE_ID.search(reply.text)
        provider_id = next(filter(None, told.groups())) if told else message_id
        return Result(event_id, "taken", "accepted", reply.reason, provider_id)
    if reply.code < PERMANENT_FAILURE:
        return Result(event_id, "deferred", "deferred", reply.reason)
    return Result(event_id, "refused", "bounced" if _recipient_unknown(reply) else "rejected", reply.reason)


def _recipient_unknown(reply: Reply) -> bool:
    if reply.command != "RCPT":
        return False
    enhanced = _ENHANCED.match(reply.text)
    if enhanced:
        return bool(_RECIPIENT_UNKNOWN.match(enhanced[1]))
    return reply.code in _RECIPIENT_UNKNOWN_CODES
