"""What a template needs beyond the right types: a condition that compiles, a body that its channel can carry."""

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import TemplateProblem, TemplateSource
from tasks.transforms.tell_problems import tell_problems
from tasks.transforms.template_conditions import ConditionError, compile_condition


def template_problems(sources: dy.DataFrame[TemplateSource]) -> list[TemplateProblem]:
    """Everything that is wrong with the conditions and the bodies of templates."""
    return [*tell_problems(_wrong_condition(sources)), *tell_problems(_without_body(sources))]


def _wrong_condition(sources: dy.DataFrame[TemplateSource]) -> pl.DataFrame:
    conditions = sources["condition"].drop_nulls().unique()
    faults = pl.Series([_condition_fault(text) for text in conditions], dtype=pl.String)
    wrong = pl.DataFrame({"condition": conditions, "what": faults}).drop_nulls()
    return sources.join(wrong, on="condition", maintain_order="left").select(
        "template_id", "what", field=pl.lit("condition")
    )


def _condition_fault(text: str) -> str | None:
    try:
        compile_condition(text)
    except ConditionError as error:
        return str(error)
    return None


def _without_body(sources: dy.DataFrame[TemplateSource]) -> pl.DataFrame:
    email = pl.col("channel") == "email"
    return sources.filter(pl.col("body_text").is_null() & ~(email & pl.col("body_html").is_not_null())).select(
        "template_id",
        field=pl.lit("body_text"),
        what=pl.when(email)
        .then(pl.lit("is missing; an email needs body_text or body_html"))
        .otherwise(pl.format("is missing; a message to {} is text", pl.col("channel").cast(pl.String))),
    )
