"""One batch to a sender, as most tests of senders need it."""

import dataframely as dy

from tasks.contracts.deliver_events import HandOver, Message
from tasks.exchange.sending.senders import Sender


async def send(sender: Sender, batch_id: str, messages: dy.DataFrame[Message]) -> dy.DataFrame[HandOver]:
    """What the sender answers, or raises."""
    (answer,) = (await sender.send({batch_id: messages})).values()
    if isinstance(answer, Exception):
        raise answer
    return answer
