"""Templates in the store: their versions, read and changed."""

from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import RoutingTemplate, Template
from tasks.store.connection import Session, StoreFile, reading


def routing_templates(store: StoreFile) -> dy.DataFrame[RoutingTemplate]:
    """All versions of all templates, without subjects and bodies."""
    with reading(store) as session:
        return RoutingTemplate.validate(session.frame("publish_templates/select_routing_templates"), cast=True)


def templates_to_list(store: StoreFile) -> pl.DataFrame:
    """All versions of all templates, without bodies."""
    with reading(store) as session:
        return session.frame("publish_templates/select_templates_to_list")


def versions_of(session: Session, template_ids: pl.Series) -> dy.DataFrame[Template]:
    """All versions of some templates, bodies and all."""
    wanted = template_ids.rename("template_id").unique().to_frame()
    return Template.validate(session.frame("publish_templates/select_versions", {"wanted": wanted}), cast=True)


def insert_versions(session: Session, versions: dy.DataFrame[Template]) -> int:
    """Inserts new versions; returns how many."""
    return session.change("publish_templates/insert_versions", {"new_version": versions.sort("template_id", "version")})


def template_ids(session: Session) -> list[str]:
    """The ids of all templates."""
    return [name for (name,) in session.rows("publish_templates/select_ids")]


def unpublish(session: Session, template_id: str, *, at: datetime) -> int:
    """Ends the version in force at an instant; returns 1, or 0 where none is."""
    return session.change("publish_templates/unpublish", template_id=template_id, at=at)


def pause(session: Session, template_id: str, *, paused: bool) -> int:
    """Pauses or resumes all versions of a template; returns how many it changed."""
    return session.change("publish_templates/pause", template_id=template_id, paused=paused)
