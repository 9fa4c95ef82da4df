"""Whether the texts of templates are Jinja that the sandbox can run."""

from hashlib import sha256
from typing import Final

import dataframely as dy
import polars as pl
from jinja2 import TemplateSyntaxError
from jinja2.meta import find_referenced_templates

from tasks.contracts.publish_templates import TemplateProblem, TemplateSource
from tasks.exchange.templates.template_sandbox import TEXT

TEXT_COLUMNS = ("subject", "body_text", "body_html")
MOST_FAULTS: Final = 100_000
_FAULTS: Final[dict[bytes, str | None]] = {}
"""By the hash of a text."""


def text_problems(sources: dy.DataFrame[TemplateSource]) -> list[TemplateProblem]:
    """What keeps the subjects and bodies from being rendered for any event: nothing is rendered to find out."""
    columns = sources.select("template_id", *TEXT_COLUMNS).unpivot(TEXT_COLUMNS, index="template_id")
    texts = columns.filter(pl.col("value").is_not_null())
    faults = {text: _fault_of(text) for text in texts["value"].unique()}
    return [
        TemplateProblem(f"template {template_id}", field, fault)
        for template_id, field, text in texts.iter_rows()
        if (fault := faults[text])
    ]


def _fault_of(text: str) -> str | None:
    """The same as `text_fault`, found once for a text: a publication checks its templates more than once."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    if digest not in _FAULTS:
        if len(_FAULTS) >= MOST_FAULTS:
            _FAULTS.clear()
        _FAULTS[digest] = text_fault(text)
    return _FAULTS[digest]


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
