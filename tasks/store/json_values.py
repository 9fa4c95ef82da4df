"""Values out of JSON texts, many paths of many texts at once."""

from collections.abc import Sequence

import polars as pl

from tasks.store.connection import computing


def json_values(texts: pl.Series, paths: Sequence[str]) -> pl.DataFrame:
    """What is at some paths of each text.

    Args:
        texts: JSON documents.
        paths: In them, as JSONPath.

    Returns:
        A row per text, in their order, a column per path: the value's own JSON text, null where there is none.
    """
    if not paths:
        return pl.DataFrame()
    with computing() as session:
        found = session.frame("json_values/select", {"document": texts.rename("text").to_frame()}, paths=list(paths))
    return found.select(pl.col("found").list.get(number).alias(path) for number, path in enumerate(paths))
