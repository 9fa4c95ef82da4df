"""The samples that are made from others are what making them again gives."""

import gzip
from pathlib import Path

import polars as pl
import zstandard

from tasks.demo_samples import SAMPLES, make_samples


def content(path: Path) -> bytes:
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    return zstandard.decompress(path.read_bytes())


def test_the_committed_files_have_not_drifted(tmp_path: Path) -> None:
    for made in make_samples(SAMPLES, tmp_path):
        committed = SAMPLES / made.relative_to(tmp_path)
        if made.name == "cut-short.parquet":
            assert committed.read_bytes()[:4] == b"PAR1"
            assert committed.stat().st_size == made.stat().st_size
        elif made.suffix == ".parquet":
            assert pl.read_parquet(made).equals(pl.read_parquet(committed))
        else:
            assert content(made) == content(committed)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 150_000


def test_the_readme_names_every_file() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in (SAMPLES / "events").rglob("*.*") if path.name not in readme]
    assert not missing
    assert not [path.stem for path in (SAMPLES / "templates").glob("*.toml") if path.stem.split("_")[0] not in readme]
