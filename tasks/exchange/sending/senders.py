"""What a sender is: the border over which messages leave an account."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import dataframely as dy

from tasks.contracts.deliver_events import HandOver, Message


class SenderUnavailableError(RuntimeError):
    """A sender could not take a batch at all: nothing of it left the house."""


Answer = dy.DataFrame[HandOver] | Exception
"""What became of each message of a batch, or why the sender cannot tell.

`SenderUnavailableError`: nothing of the batch left. Any other error: its record tells.
"""


class Sender(Protocol):
    """Hands messages over, and keeps its own record of what it handed over."""

    @property
    def name(self) -> str:
        """The provider that its delivery-log rows name."""

    @property
    def batch_messages(self) -> int:
        """Messages of a batch, at most."""

    @property
    def round_messages(self) -> int:
        """Messages of the batches that are claimed together, sent, and then settled, at most."""

    async def send(self, batches: Mapping[str, dy.DataFrame[Message]]) -> dict[str, Answer]:
        """Hands the messages of batches over, by batch id; a batch is sent once, ever, and costs no other.

        Returns:
            The answer to each batch. What it tells of is durable.
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
