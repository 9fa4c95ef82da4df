"""Publications that are under way: written down before the first account has them, gone when the last one does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import TemplateSource
from tasks.exchange.flush import flush


@dataclass(frozen=True)
class IntendedPublication:
    """What is published where: enough to publish it again, which changes nothing where it is there."""

    accounts: tuple[str, ...]
    sources: dy.DataFrame[TemplateSource]
    published_at: datetime
    """Of the templates that name no instant."""
    changed_at: datetime
    changed_by: str


def note_publication(folder: Path, intended: IntendedPublication) -> Path:
    """Writes a publication down, durable when this returns; the file to remove when it is done."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{intended.changed_at:%Y%m%dT%H%M%S%f}-{uuid4()}.parquet"
    part = path.with_suffix(".part")
    about = {
        "accounts": json.dumps(intended.accounts),
        "published_at": intended.published_at.isoformat(),
        "changed_at": intended.changed_at.isoformat(),
        "changed_by": intended.changed_by,
    }
    intended.sources.write_parquet(part, metadata=about)
    flush(part)
    part.replace(path)
    flush(folder)
    return path


def unfinished_publications(folder: Path) -> Iterator[tuple[Path, IntendedPublication]]:
    """Publications that a crash cut off, the oldest first."""
    for path in sorted(folder.glob("*.parquet")):
        try:
            about, sources = pl.read_parquet_metadata(path), pl.read_parquet(path)
        except FileNotFoundError:
            continue  # it is done by now
        yield (
            path,
            IntendedPublication(
                accounts=tuple(json.loads(about["accounts"])),
                sources=TemplateSource.validate(sources, cast=True),
                published_at=datetime.fromisoformat(about["published_at"]),
                changed_at=datetime.fromisoformat(about["changed_at"]),
                changed_by=about["changed_by"],
            ),
        )
