"""Which samples go to which templates, and what was made of them."""

import dataframely as dy
import polars as pl

from tasks.contracts.deliver_events import DeliverableEvent, MessageTemplate, RenderedMessage
from tasks.contracts.publish_templates import TemplateProblem, TemplateSource
from tasks.contracts.route_events import ConditionContext
from tasks.contracts.template_samples import SampleEvent, SampleMessage
from tasks.transforms.routing_timeline import language_fits, language_tag
from tasks.transforms.tell_problems import tell_problems
from tasks.transforms.template_conditions import compile_condition


def samples_to_render(
    sources: dy.DataFrame[TemplateSource], folders: pl.Series, samples: dy.DataFrame[SampleEvent]
) -> dy.DataFrame[DeliverableEvent]:
    """A deliverable event for each template and sample of its folder that it would take, were it the only template.

    Args:
        sources: Templates with conditions that compile; their `delivery_id` is their number.
        folders: The folder of each of them.
        samples: The sample events; `event_id` is the number of the pair, `event_key` the place of the sample.
    """
    templates = sources.with_row_index("template").select(
        pl.col("template").cast(pl.Int64), "event_type", pl.col("channel").cast(pl.String), "condition", "queue",
        language_wanted=language_tag(pl.col("language")), folder=folders,
    )  # fmt: skip
    events = samples.with_columns(
        pl.col("channel").cast(pl.String), language_given="language", language=language_tag(pl.col("language"))
    )
    pairs = (
        templates.join(events, on=["folder", "event_type", "channel"], maintain_order="left_right")
        .filter(language_fits())
        .drop("language")
        .rename({"language_given": "language"})
        .with_row_index("event_id")
        .with_columns(
            pl.col("event_id").cast(pl.Int64),
            pl.col("queue").cast(pl.String).fill_null("batch"),
            received_at="created_at",
            event_key="place",
            delivery_id="template",
            error_count=pl.lit(0, pl.Int32),
        )
    )
    return DeliverableEvent.validate(_taken(pairs).select(DeliverableEvent.column_names()), cast=True)


def sample_messages(
    sources: dy.DataFrame[TemplateSource], rendered: dy.DataFrame[RenderedMessage]
) -> dy.DataFrame[SampleMessage]:
    """The messages of templates, in their order; a row without a place for a template that no sample fits."""
    templates = sources.with_row_index("template").select(
        pl.col("template").cast(pl.Int64), "template_id", "event_type", "channel", "language"
    )
    messages = rendered.select(
        "recipient", "subject", "body_text", "body_html", "problem", template="delivery_id", place="event_key"
    )
    joined = templates.join(messages, on="template", how="left", maintain_order="left_right")
    return SampleMessage.validate(joined.select(SampleMessage.column_names()), cast=True)


def message_templates(sources: dy.DataFrame[TemplateSource]) -> dy.DataFrame[MessageTemplate]:
    """The texts of templates that have no version yet, by their number."""
    return MessageTemplate.validate(
        sources.with_row_index("delivery_id").select(
            pl.col("delivery_id").cast(pl.Int64), "template_id", pl.col("version").fill_null(1), "subject",
            "body_text", "body_html", "sender",
        )
    )  # fmt: skip


def sample_problems(messages: dy.DataFrame[SampleMessage]) -> list[TemplateProblem]:
    """What keeps templates from being published: a sample that they take and make nothing of."""
    failed = messages.filter(pl.col("problem").is_not_null())
    return tell_problems(failed.select("template_id", field="place", what="problem"))


def _taken(pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs whose condition holds."""
    contexts = ConditionContext.validate(pairs.select(ConditionContext.column_names()), cast=True)
    texts = pairs["condition"].drop_nulls().unique(maintain_order=True)
    met = [
        contexts.filter(compile_condition(text).holds(contexts)).select("event_id", condition=pl.lit(text))
        for text in texts
    ]
    nothing = pairs.select("event_id", "condition").clear()
    return pl.concat(
        [
            pairs.filter(pl.col("condition").is_null()),
            pairs.join(pl.concat([nothing, *met]), on=["event_id", "condition"], how="semi"),
        ]
    ).sort("event_id")
