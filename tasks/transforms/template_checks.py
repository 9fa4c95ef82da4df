"""What a template needs beyond the right types: a condition that compiles, a body that its channel can carry."""

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import TemplateProblem, TemplateSource
from tasks.transforms.template_conditions import ConditionError, compile_condition


def template_problems(sources: dy.DataFrame[TemplateSource]) -> list[TemplateProblem]:
    """Everything that is wrong with the conditions and the bodies of templates."""
    conditions = sources.filter(pl.col("condition").is_not_null()).select("template_id", "condition")
    faults = {text: _condition_fault(text) for text in conditions["condition"].unique()}
    return [
        *(
            TemplateProblem(f"template {template_id}", "condition", fault)
            for template_id, text in conditions.iter_rows()
            if (fault := faults[text])
        ),
        *(
            TemplateProblem(f"template {template_id}", field, what)
            for template_id, field, what in _without_body(sources).iter_rows()
        ),
    ]


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
