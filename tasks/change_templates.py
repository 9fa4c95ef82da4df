"""Published templates are unpublished, paused, rolled back and listed; who did so is kept."""

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches

import dataframely as dy
import polars as pl

from tasks.contracts.publish_templates import (
    CONTENT_COLUMNS,
    ListedTemplate,
    TemplateChange,
    TemplateSource,
    UnknownTemplateError,
)
from tasks.stage import stage
from tasks.store import publish_templates as in_store
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.publish_templates import Change
from tasks.transforms.publish_templates import listed


@stage
def unpublish_template(store: StoreFile, template_id: str, *, at: datetime, change: Change) -> int:
    """Ends the version in force; earlier ones do not come back, and publishing it again makes a new one.

    What was routed to it before and not handed over is not sent any more: it becomes `ignored`, reason
    `template_unpublished`. Not so for an instant after that of the change, which is a plan.

    Returns:
        1, or 0 where no version was in force.

    Raises:
        UnknownTemplateError: The account has no such template.
    """
    with writing(store, purpose=f"unpublishing template {template_id}") as session:
        _check_known(session, template_id)
        return in_store.unpublish(session, template_id, at=at, change=change)


@stage
def pause_template(store: StoreFile, template_id: str, *, paused: bool, change: Change) -> int:
    """Pauses all versions of a template, so that the events that it wins wait; or resumes them.

    What was routed to it before and no batch holds waits too, until then or until it expires.

    Returns:
        How many versions it changed.

    Raises:
        UnknownTemplateError: The account has no such template.
    """
    purpose = f"{'pausing' if paused else 'resuming'} template {template_id}"
    with writing(store, purpose=purpose) as session:
        _check_known(session, template_id)
        return in_store.pause(session, template_id, paused=paused, change=change)


@stage
def version_to_publish_again(
    stores: Mapping[str, StoreFile], template_id: str, version: int
) -> dy.DataFrame[TemplateSource]:
    """The content of an earlier version, as a source of the next one.

    Raises:
        UnknownTemplateError: An account lacks the template or the version, or has another content under its number.
    """
    found = {}
    for name, store in stores.items():
        with reading(store) as session:
            _check_known(session, template_id)
            versions = in_store.versions_of(session, pl.Series([template_id]))
        found[name] = versions.filter(pl.col("version") == version).select("template_id", *CONTENT_COLUMNS)
        if found[name].is_empty():
            numbers = ", ".join(map(str, versions["version"].sort()))
            raise UnknownTemplateError(f"Account {name} has no version {version} of {template_id!r}; it has {numbers}.")
    contents = pl.concat(list(found.values())).unique()
    if contents.height > 1:
        raise UnknownTemplateError(
            f"Version {version} of {template_id!r} is not the same in {', '.join(found)}; roll back one account at a "
            "time: --account NAME."
        )
    columns = TemplateSource.create_empty().schema
    missing = {name: pl.lit(None, columns[name]) for name in columns if name not in contents.columns}
    return TemplateSource.validate(contents.with_columns(**missing).select(*columns), cast=True)


@stage
def list_templates(store: StoreFile, *, now: datetime) -> dy.DataFrame[ListedTemplate]:
    """All versions of an account's templates without their bodies, each with its state."""
    return listed(in_store.templates_to_list(store), now=now)


@stage
def template_history(store: StoreFile, template_id: str | None = None) -> dy.DataFrame[TemplateChange]:
    """What was done to the versions of a template, or of all, by whom and when, in order.

    Raises:
        UnknownTemplateError: The account has no such template.
    """
    if template_id is not None:
        with reading(store) as session:
            _check_known(session, template_id)
    return in_store.changes(store, template_id)


def _check_known(session: Session, template_id: str) -> None:
    known = in_store.template_ids(session)
    if template_id in known:
        return
    near = get_close_matches(template_id, known, n=3)
    advice = f"did you mean {', '.join(near)}?" if near else f"it has {len(known)} others; list them to choose one."
    raise UnknownTemplateError(f"The account has no template {template_id!r}: {advice}")
