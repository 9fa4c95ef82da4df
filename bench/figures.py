"""What was measured, asked for by name: rates, ratios, the sums of a life."""

from dataclasses import dataclass
from typing import Any

from bench.inputs import LIFE


@dataclass(frozen=True)
class Figures:
    """Figures by size and part, as the suite keeps them."""

    by_size: dict[str, dict[str, Any]]

    @property
    def sizes(self) -> list[int]:
        """The sizes with a whole life of ours."""
        return [int(size) for size, parts in self.by_size.items() if "ours_update_new" in parts]

    def ours(self, size: int, stage: str) -> dict[str, Any]:
        """The figures of one of our stages; empty where not measured."""
        figures: dict[str, Any] = self.by_size.get(f"{size}", {}).get(f"ours_{stage}", {})
        return figures

    def rival(self, size: int, name: str, stage: str) -> dict[str, Any]:
        """The figures of a rival's stage; empty where not measured."""
        figures: dict[str, Any] = self.by_size.get(f"{size}", {}).get(name, {}).get("stages", {}).get(stage, {})
        return figures

    def rate(self, size: int, stage: str) -> float | None:
        """Rows a second of one of our stages."""
        return _rate(self.ours(size, stage))

    def rival_rate(self, size: int, name: str, stage: str) -> float | None:
        """Rows a second of a rival; of the largest size that it was given where it was not given this one."""
        given = self.given(name, size)
        return _rate(self.rival(given, name, stage)) if given else None

    def given(self, name: str, size: int) -> int | None:
        """The largest size, up to this one, that a rival was given."""
        return max((int(one) for one in self.by_size if int(one) <= size and name in self.by_size[one]), default=None)

    def life_seconds(self, size: int) -> float | None:
        """Seconds of our whole life."""
        seconds = [self.ours(size, stage).get("seconds") for stage in LIFE]
        return None if None in seconds else sum(seconds)

    def life_rate(self, size: int) -> float | None:
        """Rows of events a second over our whole life."""
        seconds = self.life_seconds(size)
        return size / seconds if seconds else None

    def rival_life_rate(self, size: int, name: str) -> float | None:
        """The same of a rival, at the largest size that it was given."""
        given = self.given(name, size)
        seconds = [self.rival(given, name, stage).get("seconds") for stage in LIFE] if given else [None]
        return None if given is None or None in seconds else given / sum(seconds)

    def peak_mb(self, size: int) -> int:
        """The most memory that any stage of our life held (MiB)."""
        return max((self.ours(size, stage).get("peak_mb", 0) for stage in LIFE), default=0)

    def prefect_share(self, size: int) -> float | None:
        """The part of our whole life that was spent on recording runs, tasks and artifacts in Prefect."""
        seconds = self.life_seconds(size)
        if not seconds:
            return None
        return float(sum(self.ours(size, stage)["prefect_seconds"] for stage in LIFE)) / seconds


def _rate(figures: dict[str, Any]) -> float | None:
    return figures["rows"] / figures["seconds"] if figures else None
