"""What a sender is: the border over which messages leave an account."""

from collections.abc import Sequence
from typing import Protocol

import dataframely as dy

from tasks.contracts.deliver_events import HandOver, Message


class SenderUnavailableError(RuntimeError):
    """A sender could not take a batch at all: nothing of it left the house."""


class Sender(Protocol):
    """Hands messages over, and keeps its own record of what it handed over."""

    @property
    def name(self) -> str:
        """The provider that its delivery-log rows name."""

    async def send(self, batch_id: str, messages: dy.DataFrame[Message]) -> dy.DataFrame[HandOver]:
        """Hands the messages of a batch over; a batch is sent once, ever.

        Returns:
            What became of each message.

        Raises:
            SenderUnavailableError: Nothing of the batch went out.
        """

    def record(self, batch_id: str, event_ids: Sequence[int]) -> dy.DataFrame[HandOver] | None:
        """What became of a batch whose sending was cut short, from the sender's own record.

        Args:
            batch_id: The batch.
            event_ids: The events that it was to send.

        Returns:
            What became of those that left, or may have; the others did not. None where nothing did.
        """

    def forget(self, batch_id: str) -> None:
        """The store knows what became of a batch: whatever only the record needs may go."""

    def records(self) -> list[str]:
        """The batches that it keeps a record of, other than what it keeps for good."""
