"""What a publication adds, and in which state template versions are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import ListedTemplate, Template, TemplateError, TemplateSource
from tasks.transforms.tell_problems import tell_problems
from tasks.transforms.template_versions import ORDER, VERSION, next_versions, unlike_the_last, versions_not_there

INSTANT: Final = "%Y-%m-%dT%H:%M:%S%.f%:z"


@dataclass(frozen=True)
class PublicationPlan:
    """The versions to insert, and how many sources are there as they stand."""

    versions: dy.DataFrame[Template]
    unchanged: int


def plan_publication(
    existing: dy.DataFrame[Template], sources: dy.DataFrame[TemplateSource], *, at: datetime
) -> PublicationPlan:
    """Compares templates as authored with the versions there are.

    A source with a version is that very version. One without is unchanged where the version published last by
    its instant has its content and is not unpublished; else it is the next version. Several sources of one id
    without version or instant are successive versions: unchanged where they are the last ones, in that order.

    Args:
        existing: All stored versions of the sources' ids.
        sources: Checked templates, in the order of their files.
        at: The instant of publication of those that name none.

    Raises:
        TemplateError: A version is there with other content, or would be unpublished before it is published.
    """
    at = at.astimezone(UTC)
    rows = sources.with_row_index("row").with_columns(dated=pl.col("published_at").is_not_null())
    given = versions_not_there(existing, rows.filter(pl.col("version").is_not_null()))
    added = given.with_columns(pl.col("published_at").fill_null(at))
    known = pl.concat([existing, added.select(existing.columns)])
    fresh = rows.filter(pl.col("version").is_null()).with_columns(pl.col("published_at").fill_null(at))
    numbered = next_versions(known, unlike_the_last(known, fresh, at=at))
    new = pl.concat([added, numbered.select(added.columns)]).sort("row").select(existing.columns)
    _refuse_never_in_force(new)
    versions = Template.validate(_paused_like_before(existing, new), cast=True)
    return PublicationPlan(versions, sources.height - versions.height)


def listed(templates: pl.DataFrame, *, now: datetime) -> dy.DataFrame[ListedTemplate]:
    """Template versions with their state, by id and version.

    Args:
        templates: The columns of `ListedTemplate` but its state.
        now: The instant that the state is of.
    """
    now = now.astimezone(UTC)
    published = pl.col("published_at") <= now
    superseded = published & published.shift(-1, fill_value=False).over("template_id")
    state = (
        pl.when(~published)
        .then(pl.lit("scheduled"))
        .when(superseded)
        .then(pl.lit("superseded"))
        .when(pl.col("unpublished_at") <= now)
        .then(pl.lit("unpublished"))
        .when(pl.col("paused"))
        .then(pl.lit("paused"))
        .otherwise(pl.lit("published"))
    )
    return ListedTemplate.validate(templates.sort(ORDER).with_columns(state=state).sort(VERSION), cast=True)


def _paused_like_before(existing: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """New versions; where they do not say so, paused if the version before them is."""
    both = pl.concat([existing.with_columns(new=pl.lit(value=False)), new.with_columns(new=pl.lit(value=True))])
    paused = pl.col("paused").forward_fill().over("template_id").fill_null(value=False)
    return both.sort(VERSION).with_columns(paused=paused).filter("new").drop("new")


def _refuse_never_in_force(new: pl.DataFrame) -> None:
    never = new.filter(pl.col("published_at") > pl.col("unpublished_at"))
    ends, begins = (pl.col(name).dt.strftime(INSTANT) for name in ("unpublished_at", "published_at"))
    what = pl.format("{} is before its publication at {}", ends, begins)
    if problems := tell_problems(never.select("template_id", field=pl.lit("unpublished_at"), what=what)):
        raise TemplateError(problems)
