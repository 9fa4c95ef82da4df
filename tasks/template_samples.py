"""Templates tried on the sample events that their authors keep beside them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import TemplateError, TemplateProblem, TemplateSource
from tasks.contracts.template_samples import SampleEvent, SampleMessage
from tasks.exchange.sending.fill_in_messages import fill_in_messages
from tasks.exchange.sending.render_messages import render_messages
from tasks.exchange.templates.read_samples import SAMPLES, read_samples
from tasks.ingest_events import split_events
from tasks.store.json_values import json_values
from tasks.transforms import template_samples as transform


def render_samples(sources: dy.DataFrame[TemplateSource], folders: Sequence[Path]) -> dy.DataFrame[SampleMessage]:
    """What templates make of the samples in their folders, by the code that makes their messages.

    Args:
        sources: Templates with texts and conditions that compile.
        folders: The folder of each of them.

    Returns:
        A row for each template and sample that it would take, and one for each template that no sample fits.

    Raises:
        TemplateError: A sample is no event, or cannot be read.
    """
    samples = _samples(folders)
    of_templates = pl.Series([str(folder) for folder in folders], dtype=pl.String)
    events = transform.samples_to_render(sources, of_templates, samples)
    nothing = fill_in_messages(events, [], json_values(events["ctx"], []))
    rendered = render_messages(events, transform.message_templates(sources), nothing)
    return transform.sample_messages(sources, rendered)


def _samples(folders: Sequence[Path]) -> dy.DataFrame[SampleEvent]:
    found: list[pl.DataFrame] = [SampleEvent.create_empty()]
    problems: list[TemplateProblem] = []
    for folder, path, contents in read_samples(dict.fromkeys(folders)):
        events, rejected = split_events(contents.rows, now=datetime.now(UTC))
        place = f"{folder.name}/{SAMPLES}/{path.name}"
        found.append(
            events.with_columns(
                folder=pl.lit(str(folder)), place=pl.format("{} line {}", pl.lit(place), pl.col("line"))
            ).select(SampleEvent.column_names())
        )
        problems += [
            TemplateProblem(f"{place} line {line}", "", f"is no event; {reason}{f': {detail}' if detail else ''}")
            for line, reason, detail in rejected.select("line", "reason", "detail").iter_rows()
        ]
    if problems:
        raise TemplateError(problems)
    return SampleEvent.validate(pl.concat(found))
