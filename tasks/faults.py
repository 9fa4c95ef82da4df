"""Faults of a long run: tried again after a while, until it is clear that they will not pass."""

from dataclasses import dataclass
from typing import Final

FIRST_SECONDS: Final = 0.5
CAP_SECONDS: Final = 10.0
MOST_IN_A_ROW: Final = 10
PATIENCE_SECONDS: Final = 60.0


class PersistentFaultError(RuntimeError):
    """The same work failed again and again."""


@dataclass
class Faults:
    """Faults in a row, and all of them."""

    total: int = 0
    in_a_row: int = 0
    _since: float = 0.0

    def passed(self) -> None:
        """It went well."""
        self.in_a_row = 0

    def failed(self, error: Exception, *, at: float) -> float:
        """It did not.

        Args:
            error: What happened.
            at: When, in seconds of a clock that never goes back.

        Returns:
            Seconds to wait before the next try.

        Raises:
            PersistentFaultError: Ten faults in a row, over a minute.
        """
        if not self.in_a_row:
            self._since = at
        self.in_a_row += 1
        self.total += 1
        if self.in_a_row >= MOST_IN_A_ROW and at - self._since >= PATIENCE_SECONDS:
            raise PersistentFaultError(
                f"{self.in_a_row} passes in a row failed within {at - self._since:.0f} s, the last with: {error!r}. "
                "Nothing was lost: what waits still waits. Mend what the error names (`message-center doctor` helps), "
                "and start the run again; its schedule does so too."
            ) from error
        return min(CAP_SECONDS, FIRST_SECONDS * 2.0 ** (self.in_a_row - 1))
