"""Frames of sample events: what a template makes of the events that its author keeps beside it."""

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.ingest_events import AcceptedEvent
from tasks.contracts.vocabulary import CHANNELS


class SampleEvent(AcceptedEvent):
    """An event beside templates."""

    folder = dy.String()  # of the templates
    place = dy.String()  # its file and line there


class SampleMessage(Frame):
    """What a template made of a sample that it would take."""

    template_id = dy.String()
    template = dy.Int64(min=0)  # which of the templates, in their order
    event_type = dy.String()
    channel = dy.Enum(CHANNELS)
    language = dy.String(nullable=True)  # of the template
    place = dy.String(nullable=True)  # of the sample; null: none fits the template, and all else is null
    recipient = dy.String(nullable=True)
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)
    problem = dy.String(nullable=True)  # why it made nothing of it
