"""Templates in the store: their versions, read and changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import RoutingTemplate, Template, TemplateChange
from tasks.store.connection import Session, StoreFile, reading

VERSION = ("template_id", "version")


@dataclass(frozen=True)
class Change:
    """Who changes templates, and when."""

    by: str
    at: datetime


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


def insert_versions(session: Session, versions: dy.DataFrame[Template], *, change: Change) -> int:
    """Inserts new versions; returns how many."""
    count = session.change(
        "publish_templates/insert_versions", {"new_version": versions.sort("template_id", "version")}
    )
    _note(session, versions.select(*VERSION, effective_at="published_at"), "published", change)
    return count


def template_ids(session: Session) -> list[str]:
    """The ids of all templates."""
    return [name for (name,) in session.rows("publish_templates/select_ids")]


def unpublish(session: Session, template_id: str, *, at: datetime, change: Change) -> int:
    """Ends the version in force at an instant; returns 1, or 0 where none is.

    What was routed to it, or to versions before it, and not handed over is not sent any more, unless the instant is
    yet to come.
    """
    ended = _versions(session.rows("publish_templates/unpublish", template_id=template_id, at=at))
    _note(session, ended.with_columns(effective_at=pl.lit(at)), "unpublished", change)
    if at <= change.at:
        for version in ended["version"]:
            session.change("publish_templates/close_deliveries", template_id=template_id, version=version)
    return ended.height


def pause(session: Session, template_id: str, *, paused: bool, change: Change) -> int:
    """Pauses or resumes all versions of a template; returns how many it changed."""
    versions = _versions(session.rows("publish_templates/pause", template_id=template_id, paused=paused))
    action = "paused" if paused else "resumed"
    _note(session, versions.with_columns(effective_at=pl.lit(change.at)), action, change)
    return versions.height


def changes(store: StoreFile, template_id: str | None) -> dy.DataFrame[TemplateChange]:
    """What was done to the versions of a template, or of all, in order."""
    with reading(store) as session:
        rows = session.frame("publish_templates/select_changes", template_id=template_id)
    return TemplateChange.validate(rows, cast=True)


def _versions(rows: Sequence[tuple[str, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"template_id": pl.String, "version": pl.Int32}, orient="row")


def _note(session: Session, versions: pl.DataFrame, action: str, change: Change) -> None:
    changed = {"changed": versions.with_columns(action=pl.lit(action))}
    session.change("publish_templates/note_changes", changed, changed_at=change.at, changed_by=change.by)
