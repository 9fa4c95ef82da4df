"""What a demonstration shows of itself, read from the published control data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from tasks.store.published import reading_published

_TOPICS: Final = (
    "statuses", "files", "rejects", "languages", "event_types", "outcomes", "logs", "proofs", "templates", "times",
)  # fmt: skip
_STORIES: Final = ("stories", "story_logs")


def demo_report(path: Path, *, arrivals_from: datetime, story_keys: Sequence[str]) -> dict[str, pl.DataFrame]:
    """A frame per topic: the names and columns are those of the statements in `sql/demo_report/`.

    Args:
        path: The published control data.
        arrivals_from: Events created earlier count as if they had been created then.
        story_keys: Keys of the events whose stories are told.

    Raises:
        NothingPublishedError: There is no published data yet.
    """
    parameters: Mapping[str, dict[str, Any]] = {
        **{topic: {} for topic in _TOPICS},
        **{topic: {"keys": list(story_keys)} for topic in _STORIES},
        "arrivals": {"from_at": arrivals_from},
    }
    with reading_published(path) as session:
        return {topic: session.frame(f"demo_report/{topic}", **given) for topic, given in parameters.items()}
