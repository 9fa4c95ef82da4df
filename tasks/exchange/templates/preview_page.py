"""What templates make of their samples, as a page to look at: mails as mail programs show them, scripts of no use."""

from pathlib import Path

import dataframely as dy
import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.contracts.template_samples import SampleMessage

_PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


def preview_page(messages: dy.DataFrame[SampleMessage], *, title: str) -> str:
    """A page without any other file: each template with its messages, and those that no sample fits."""
    parts = messages.partition_by("template", maintain_order=True)
    made = messages.filter(pl.col("place").is_not_null())
    return _PAGES.get_template("preview_page.html.j2").render(
        title=title,
        messages=made.height,
        failed=made["problem"].count(),
        templates=[
            {
                "name": part["template_id"][0],
                "event_type": part["event_type"][0],
                "channel": part["channel"][0],
                "language": part["language"][0],
                "messages": part.filter(pl.col("place").is_not_null()).to_dicts(),
            }
            for part in parts
        ],
    )
