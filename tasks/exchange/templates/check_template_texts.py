"""Whether the texts of templates are Jinja that the sandbox can run."""

import dataframely as dy
import polars as pl
from jinja2 import TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from tasks.contracts.publish_templates import TemplateProblem, TemplateSource
from tasks.exchange.templates.template_sandbox import TEXT

TEXT_COLUMNS = ("subject", "body_text", "body_html")


def text_problems(sources: dy.DataFrame[TemplateSource]) -> list[TemplateProblem]:
    """What keeps the subjects and bodies from being rendered for any event: nothing is rendered to find out."""
    texts = sources.select("template_id", *TEXT_COLUMNS).unpivot(TEXT_COLUMNS, index="template_id")
    return [
        TemplateProblem(f"template {template_id}", field, fault)
        for template_id, field, text in texts.filter(pl.col("value").is_not_null()).iter_rows()
        if (fault := text_fault(text))
    ]


def text_fault(text: str) -> str | None:
    """What keeps a text from being rendered for any event; null where nothing does."""
    try:
        TEXT.compile(text)
        others = any(True for _ in find_referenced_templates(TEXT.parse(text)))
    except TemplateSyntaxError as error:
        return f"is no Jinja; line {error.lineno}: {error.message}"
    except (SyntaxError, ValueError, OverflowError) as error:
        return f"cannot be compiled; {error}"
    except (RecursionError, MemoryError):
        return "is nested too deeply"
    return "takes in another template; put its text here" if others else None
