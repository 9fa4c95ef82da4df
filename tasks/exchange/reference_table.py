"""The reference table of an account: rows of persons, from a Parquet file that somebody else writes."""

from collections.abc import Callable
from importlib import import_module

import polars as pl

from tasks.contracts.enrich_events import Enrichment


class EnrichmentError(RuntimeError):
    """Events cannot be enriched just now: their messages wait, as for a sender that is down."""


def reference_rows(rule: Enrichment, keys: pl.Series) -> pl.DataFrame:
    """The rows of these keys.

    Raises:
        EnrichmentError: The file cannot be read, or lacks a column.
    """
    wanted = pl.col(rule.key).cast(pl.String).str.strip_chars().str.to_lowercase().is_in(keys.to_list())
    names = {rule.key, *rule.columns, *([rule.opt_out] if rule.opt_out else [])}
    try:
        table = pl.scan_parquet(str(rule.table))
        if missing := sorted(names - set(table.collect_schema().names())):
            raise EnrichmentError(f"{rule.table} has no column {', '.join(missing)}; mend it, or [account.enrichment]")
        rows: pl.DataFrame = table.filter(wanted).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise EnrichmentError(f"{rule.table} cannot be read: {error}") from error
    return rows


def hook_of(rule: Enrichment) -> Callable[[pl.DataFrame], pl.DataFrame] | None:
    """The account's own function.

    Raises:
        EnrichmentError: There is none of that name.
    """
    if rule.hook is None:
        return None
    module, _, name = rule.hook.partition(":")
    try:
        hook: Callable[[pl.DataFrame], pl.DataFrame] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise EnrichmentError(f"The hook {rule.hook} cannot be found: {error}") from error
    return hook
