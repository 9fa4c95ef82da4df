"""Providers' payloads: told apart, opened, and the texts at their paths, by DuckDB's JSON."""

from collections.abc import Sequence

import dataframely as dy
import polars as pl

from tasks.contracts.ingest_events import ReceivedRow
from tasks.contracts.provider_logs import ProviderFormat
from tasks.store.connection import Session, computing


def payloads(rows: dy.DataFrame[ReceivedRow]) -> pl.DataFrame:
    """The JSON documents among rows, lists entry by entry.

    Returns:
        `number` (from 0), `line`, `raw` (its own text) and `text`.
    """
    with computing() as session:
        documents = session.frame("provider_logs/documents", {"received_row": rows}).with_row_index("number")
        opened = _opened(session, documents.select(pl.col("number").cast(pl.Int64), "text"), ["$"])
    lines = documents.select(pl.col("number").cast(pl.Int64), "line")
    found = opened.join(lines, on="number", maintain_order="left")
    return found.select(pl.int_range(pl.len()).alias("number"), "line", pl.col("text").alias("raw"), "text")


def recognised(documents: pl.DataFrame, formats: Sequence[ProviderFormat]) -> pl.DataFrame:
    """The payloads with their `provider`: the first format that a payload bears all marks of; null where none."""
    paths = sorted({path for known in formats for marks in known.marks for path in marks})
    with computing() as session:
        marked = session.frame("provider_logs/mark", {"document": documents.select("number", "text")}, paths=paths)
    has = {path: pl.col("is_there").list.get(number) for number, path in enumerate(paths)}
    provider = pl.coalesce(
        pl.when(pl.any_horizontal(pl.all_horizontal(has[path] for path in marks) for marks in known.marks)).then(
            pl.lit(known.name)
        )
        for known in formats
    )
    return documents.join(marked.select("number", provider.alias("provider")), on="number", maintain_order="left")


def payload_texts(documents: pl.DataFrame, known: ProviderFormat) -> pl.DataFrame:
    """The texts at the paths of a format.

    Args:
        documents: `number`, `line`, `raw` and `text` of payloads of this format.
        known: The format.

    Returns:
        `line`, `raw`, and a column per path; a row per payload packed in each, and per entry of its list.
    """
    outer, inner = ([path for path in known.paths if path.startswith(mark)] for mark in "$@")
    with computing() as session:
        opened = _opened(session, documents.select("number", "text"), known.opens)
        if known.spreads:
            opened = session.frame("provider_logs/spread", {"document": opened}, paths=list(known.spreads))
        else:
            opened = opened.with_columns(pl.lit(None, pl.String).alias("entry"))
        entry_paths = [f"${path.removeprefix('@')}" for path in inner] or ["$"]
        found = session.frame("provider_logs/texts", {"document": opened}, paths=outer, entry_paths=entry_paths)
    texts = found.select(
        "number",
        *(pl.col("texts").list.get(number).alias(path) for number, path in enumerate(outer)),
        *(pl.col("entry_texts").list.get(number, null_on_oob=True).alias(path) for number, path in enumerate(inner)),
    )
    return texts.join(documents.select("number", "line", "raw"), on="number", maintain_order="left").drop("number")


def _opened(session: Session, documents: pl.DataFrame, paths: Sequence[str]) -> pl.DataFrame:
    for path in paths:
        documents = session.frame("provider_logs/open", {"document": documents}, path=path)
    return documents
