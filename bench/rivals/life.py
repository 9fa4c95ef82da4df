"""What every rival does: the steps of a life, one after the other, in a process of its own, timed; JSON on stdout."""

import argparse
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from bench.inputs import LIFE, Inputs


class Rival(ABC):
    """One way to do the job. Each step is durable when it returns, and returns the rows it was given."""

    def __init__(self, inputs: Inputs, home: Path) -> None:
        self.inputs, self.home = inputs, home
        self.expected = inputs.expected

    def ingest(self) -> int:
        """Rows in: validated, without copies, those that are no events set aside."""
        self.take_in()
        return self.expected.rows

    @abstractmethod
    def take_in(self) -> None: ...

    @abstractmethod
    def match(self) -> None: ...

    @abstractmethod
    def hand_over(self) -> None: ...

    @abstractmethod
    def take_in_logs(self) -> None: ...

    @abstractmethod
    def join_logs(self) -> None: ...

    @abstractmethod
    def copy_to_control(self) -> None: ...

    @abstractmethod
    def statuses(self) -> dict[str, int]:
        """Events by status."""

    def route(self) -> int:
        """Pending events to templates, by their language."""
        self.match()
        return self.expected.accepted

    def deliver(self) -> int:
        """Messages rendered and written."""
        self.hand_over()
        return self.expected.messages

    def collect(self) -> int:
        """Delivery logs in, each row once."""
        self.take_in_logs()
        return self.expected.log_rows

    def update(self) -> int:
        """Statuses by the highest rank."""
        self.join_logs()
        return self.expected.log_rows - self.expected.log_duplicates

    def archive(self) -> int:
        """Events and logs copied to another store, counts and checksums compared."""
        self.copy_to_control()
        return self.expected.accepted


def main(made: Callable[[Inputs, Path], Rival]) -> None:
    """Runs the steps of a rival and prints rows and seconds of each, and the statuses in the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("inputs", type=Path)
    parser.add_argument("home", type=Path)
    asked = parser.parse_args()
    rival, stages = made(Inputs(asked.inputs), asked.home), {}
    for stage in LIFE:
        start = time.perf_counter()
        rows = getattr(rival, stage)()
        stages[stage] = {"rows": rows, "seconds": time.perf_counter() - start}
    print(json.dumps({"stages": stages, "statuses": rival.statuses()}))
