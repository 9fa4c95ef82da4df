"""Counts of parts of a run, and their sum."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Counts:
    """Whole numbers by name."""

    def plus(self, other: Self) -> Self:
        """Both together."""
        return type(self)(**{name: value + getattr(other, name) for name, value in vars(self).items()})
