"""What a publication changes: each new version beside the one before it."""

from collections.abc import Mapping
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import Template
from tasks.transforms.template_versions import VERSION

BEFORE: Final = "before_"
"""What the names of the earlier version's columns begin with."""


def beside_the_last(existing: dy.DataFrame[Template], versions: dy.DataFrame[Template], /) -> pl.DataFrame:
    """New versions, each with the columns of the one before it as `before_...`: null where it is the first of its id.

    Args:
        existing: All stored versions of their ids; the one published last comes before the new ones.
        versions: The new versions; of one id they come one after the other.
    """
    both = pl.concat(
        [existing.with_columns(is_new=pl.lit(value=False)), versions.with_columns(is_new=pl.lit(value=True))]
    )
    published = pl.when(~pl.col("is_new")).then("published_at")
    ordered = both.sort("template_id", "is_new", published, "version")
    before = pl.col(existing.columns).shift().over("template_id").name.prefix(BEFORE)
    return ordered.with_columns(before).filter("is_new").drop("is_new")


def of_accounts(changes: Mapping[str, pl.DataFrame], /) -> pl.DataFrame:
    """The same by account: equal changes once, with their `accounts`, by id and version."""
    rows = pl.concat(frame.with_columns(account=pl.lit(name)) for name, frame in changes.items())
    same = pl.exclude("account")
    return rows.group_by(same, maintain_order=True).agg(accounts="account").sort(VERSION, maintain_order=True)
