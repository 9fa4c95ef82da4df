"""What is wrong with templates, found by expressions, as it is told to their authors."""

import polars as pl

from tasks.contracts.publish_templates import TemplateProblem


def tell_problems(found: pl.DataFrame) -> list[TemplateProblem]:
    """One problem for each row of `template_id`, `field` and `what`, in their order."""
    texts = found.select(pl.format("template {}", "template_id"), "field", "what")
    return list(map(TemplateProblem, *texts.get_columns()))
