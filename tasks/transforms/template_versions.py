"""Comparing template sources with the versions that are known: by number, and by content."""

from datetime import datetime

import polars as pl

from tasks.contracts.publish_templates import CONTENT_COLUMNS, TemplateError, TemplateProblem
from tasks.transforms.tell_problems import tell_problems

VERSION = ["template_id", "version"]
ORDER = ["template_id", "published_at", "version"]
"""Of the versions of a template published by an instant, the last in this order is the one in force."""
CONTENT = ["template_id", *CONTENT_COLUMNS]
STATE = ["published_at", "unpublished_at", "paused"]


def versions_not_there(existing: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """The sources whose version is not there yet, each once.

    Raises:
        TemplateError: A version is there, or comes twice, with other content or another instant of publication.
    """
    distinct = given.unique([*VERSION, *CONTENT, *STATE], keep="first", maintain_order=True)
    twice = distinct.filter(pl.len().over(VERSION) > 1).unique(VERSION, maintain_order=True)
    stored = existing.select(
        *VERSION, *(pl.col(name).alias(f"stored_{name}") for name in ["published_at", *CONTENT_COLUMNS])
    )
    there = distinct.join(stored, on=VERSION, maintain_order="left").with_columns(
        pl.col("published_at").fill_null(pl.col("stored_published_at"))
    )
    changes = pl.concat_list(
        pl.when(pl.col(name).ne_missing(pl.col(f"stored_{name}"))).then(pl.lit(name))
        for name in ["published_at", *CONTENT_COLUMNS]
    ).list.drop_nulls()
    changed = there.with_columns(changes=changes.list.join(", ")).filter(pl.col("changes") != "")
    if problems := [
        *_problems(twice, pl.lit("comes twice, and not the same; give each version once")),
        *_problems(
            changed, pl.format("is there with another {}; leave the version out to publish the next", "changes")
        ),
    ]:
        raise TemplateError(problems)
    return distinct.join(existing, on=VERSION, how="anti", maintain_order="left")


def unlike_the_last(known: pl.DataFrame, fresh: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """The sources without a version that are not published already with the same content."""
    dated = fresh.filter("dated").unique([*CONTENT, *STATE], keep="first", maintain_order=True)
    return pl.concat(
        [_not_published_then(known, dated), _not_the_last_in_order(known, fresh.filter(~pl.col("dated")), at=at)]
    )


def next_versions(known: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Sources with the versions that follow the known ones, in the order of their rows."""
    highest = known.group_by("template_id").agg(highest=pl.col("version").max())
    return (
        fresh.sort("row")
        .join(highest, on="template_id", how="left", maintain_order="left")
        .with_columns(
            version=(pl.col("highest").fill_null(0) + pl.int_range(1, pl.len() + 1).over("template_id")).cast(pl.Int32)
        )
        .drop("highest")
    )


def _not_published_then(known: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """Sources with an instant of publication: not in force then, nor superseded at that very instant."""
    periods = known.sort(ORDER).with_columns(superseded_at=pl.col("published_at").shift(-1).over("template_id"))
    then, since, until = pl.col("published_at"), pl.col("published_at_known"), pl.col("superseded_at")
    in_force = (since <= then) & (until.is_null() | (until > then))
    same = _same_content(dated, periods.select(*CONTENT, *STATE, "superseded_at"))
    met = same.filter(((since == then) | in_force) & _same_state(then))
    return dated.join(met, on="row", how="anti", maintain_order="left")


def _not_the_last_in_order(known: pl.DataFrame, undated: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Successive sources from the first on that the last versions, in their order, do not hold already."""
    columns = [*CONTENT_COLUMNS, "unpublished_at", "paused"]
    repeated = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift().over("template_id")) for name in columns)
    first = pl.int_range(pl.len()).over("template_id") == 0
    steps = undated.filter(first | ~repeated).with_columns(step=pl.int_range(1, pl.len() + 1).over("template_id"))
    last = known.filter(pl.col("published_at") <= at).sort(ORDER)
    backwards = last.with_columns(back=pl.int_range(pl.len(), 0, -1).over("template_id"))
    same = _same_content(steps, backwards.select(*CONTENT, *STATE, "back")).filter(_same_state(pl.lit(at)))
    # If the last n versions are the first n steps, step s meets the version that is n - s + 1 from the end.
    overlap = (
        same.group_by("template_id", overlap=pl.col("step") + pl.col("back") - 1)
        .len()
        .filter(pl.col("len") == pl.col("overlap"))
        .group_by("template_id")
        .agg(pl.col("overlap").max())
    )
    return (
        steps.join(overlap, on="template_id", how="left", maintain_order="left")
        .filter(pl.col("step") > pl.col("overlap").fill_null(0))
        .drop("step", "overlap")
    )


def _same_content(sources: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    return sources.join(known, on=CONTENT, nulls_equal=True, suffix="_known")


def _same_state(at: pl.Expr) -> pl.Expr:
    """Unpublished and paused as the source asks; not unpublished by the instant where it does not ask."""
    asked, known = pl.col("unpublished_at"), pl.col("unpublished_at_known")
    as_asked = pl.when(asked.is_null()).then(known.is_null() | (known > at)).otherwise(asked.eq_missing(known))
    return as_asked & (pl.col("paused").is_null() | (pl.col("paused") == pl.col("paused_known")))


def _problems(sources: pl.DataFrame, what: pl.Expr) -> list[TemplateProblem]:
    return tell_problems(
        sources.select("template_id", field=pl.lit("version"), what=pl.format("{} {}", "version", what))
    )
