"""Templates published, unpublished and paused in one store, by nobody in particular."""

from datetime import UTC, datetime

import dataframely as dy

from tasks import change_templates, publish_templates
from tasks.contracts.publish_templates import TemplateSource
from tasks.publish_templates import Publication
from tasks.store.connection import StoreFile
from tasks.store.publish_templates import Change


def publish(store: StoreFile, sources: dy.DataFrame[TemplateSource], *, at: datetime) -> Publication:
    done = publish_templates.publish_templates(
        {"one": store}, sources, at=at, change=Change("a test", at), journal=store.path.parent / "publications"
    )
    return done["one"]


def unpublish(store: StoreFile, template_id: str, *, at: datetime) -> int:
    return change_templates.unpublish_template(store, template_id, at=at, change=Change("a test", at))


def pause(store: StoreFile, template_id: str, *, paused: bool) -> int:
    change = Change("a test", datetime.now(UTC))
    return change_templates.pause_template(store, template_id, paused=paused, change=change)
