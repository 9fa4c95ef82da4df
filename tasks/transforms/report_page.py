"""Indicators of accounts over a period, judged by their thresholds."""

from collections.abc import Mapping

import dataframely as dy
import polars as pl

from tasks.contracts.health import Measure
from tasks.contracts.thresholds import AVERAGED, Thresholds
from tasks.transforms.health import judge, limits


def judged(indicators: pl.DataFrame, thresholds: Mapping[str, Thresholds], /) -> pl.DataFrame:
    """A row per account and indicator: `account`, `indicator`, `value`, `warning`, `alert`, `direction`, `status`.

    Args:
        indicators: A row per account: `incoming`, `outgoing`, and the indicators by their names.
        thresholds: By account; one that is not in the roster any more is not judged.
    """
    found = [
        judge(_measures(row, thresholds[account]), limits(thresholds[account]))
        .filter(pl.col("indicator").is_in(_names(row)))
        .select(pl.lit(account).alias("account"), pl.all().exclude("judged"))
        for (account,), row in indicators.partition_by("account", as_dict=True, maintain_order=True).items()
        if account in thresholds
    ]
    return (
        pl.concat(found) if found else pl.DataFrame(schema=dict.fromkeys(("account", "indicator", "status"), pl.String))
    )


def _measures(row: pl.DataFrame, thresholds: Thresholds) -> dy.DataFrame[Measure]:
    """Averages and rates over fewer than `min_events` events are not judged."""
    incoming, outgoing = row["incoming"][0], row["outgoing"][0]
    enough = dict.fromkeys(AVERAGED, outgoing >= thresholds.min_events)
    enough["error_rate_percent"] = incoming >= thresholds.min_events
    rows = [
        {"indicator": name, "value": row[name][0], "judged": enough.get(name, True) and row[name][0] is not None}
        for name in _names(row)
    ]
    return Measure.validate(pl.DataFrame(rows, schema=Measure.create_empty().schema))


def _names(row: pl.DataFrame) -> list[str]:
    return [name for name in row.columns if name not in {"account", "incoming", "outgoing"}]
