"""When the steps of each pass were durable, for whoever measures: a JSON line a pass, where a file is named for it."""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from tasks.process_events import ProcessCounts, Step


@dataclass
class PassLog:
    """The steps of one pass, by the clock on the wall."""

    path: Path | None
    _reached: dict[str, float] = field(default_factory=dict)

    def reached(self, step: Step) -> None:
        """A step is durable."""
        self._reached[step.replace(" ", "_")] = time.time()

    def write(self, began: float, counts: ProcessCounts) -> None:
        """Writes the line of the pass."""
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                told = {
                    "pid": os.getpid(),
                    "cpu": time.process_time(),
                    "began": began,
                    **self._reached,
                    "counts": counts,
                }
                file.write(json.dumps(told) + "\n")
