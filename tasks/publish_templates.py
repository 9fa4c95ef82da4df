"""Stage 1: message templates are checked and published, unpublished and paused."""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import dataframely as dy

from tasks.contracts.publish_templates import ListedTemplate, TemplateError, TemplateSource, UnknownTemplateError
from tasks.exchange.templates.check_template_texts import text_problems
from tasks.exchange.templates.read_templates import read_templates as read_template_files
from tasks.stage import stage
from tasks.store import publish_templates as in_store
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.transforms.publish_templates import PublicationPlan, listed, plan_publication
from tasks.transforms.template_checks import template_problems


@dataclass(frozen=True)
class Publication:
    """What a publication did."""

    published: int
    """Versions that are new."""
    unchanged: int
    """Sources that were there already."""


@stage
def read_templates(path: Path) -> dy.DataFrame[TemplateSource]:
    """Reads the templates of a folder of TOML files or of one table, and checks all of them.

    Raises:
        TemplateError: Anything is wrong with any of them; lists all of it.
    """
    sources = TemplateSource.validate(read_template_files(path))
    _check(sources)
    return sources


@stage
def publish_templates(store: StoreFile, sources: dy.DataFrame[TemplateSource], *, at: datetime) -> Publication:
    """Makes templates the published versions of an account: all of them, or none where one is wrong.

    Publishing the same again changes nothing.

    Args:
        store: The account's store.
        sources: The templates, in order.
        at: The instant of publication of those that name none.

    Raises:
        TemplateError: A template is wrong, or asks for a version that is there with other content.
    """
    _check(sources)
    with reading(store) as session:
        plan = _plan(session, sources, at=at)
    if plan.versions.is_empty():
        return Publication(0, plan.unchanged)
    with writing(store, purpose="publishing templates") as session:
        # Somebody may have published since: versions are given only under the lock.
        plan = _plan(session, sources, at=at)
        return Publication(in_store.insert_versions(session, plan.versions), plan.unchanged)


@stage
def unpublish_template(store: StoreFile, template_id: str, *, at: datetime) -> int:
    """Ends the version in force; earlier ones do not come back, and publishing it again makes a new one.

    Returns:
        1, or 0 where no version was in force.

    Raises:
        UnknownTemplateError: The account has no such template.
    """
    with writing(store, purpose=f"unpublishing template {template_id}") as session:
        _check_known(session, template_id)
        return in_store.unpublish(session, template_id, at=at)


@stage
def pause_template(store: StoreFile, template_id: str, *, paused: bool) -> int:
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
        return in_store.pause(session, template_id, paused=paused)


@stage
def list_templates(store: StoreFile, *, now: datetime) -> dy.DataFrame[ListedTemplate]:
    """All versions of an account's templates without their bodies, each with its state."""
    return listed(in_store.templates_to_list(store), now=now)


def _plan(session: Session, sources: dy.DataFrame[TemplateSource], *, at: datetime) -> PublicationPlan:
    return plan_publication(in_store.versions_of(session, sources["template_id"]), sources, at=at)


def _check(sources: dy.DataFrame[TemplateSource]) -> None:
    if problems := sorted([*template_problems(sources), *text_problems(sources)]):
        raise TemplateError(problems)


def _check_known(session: Session, template_id: str) -> None:
    known = in_store.template_ids(session)
    if template_id in known:
        return
    near = get_close_matches(template_id, known, n=3)
    advice = f"did you mean {', '.join(near)}?" if near else f"it has {len(known)} others; list them to choose one."
    raise UnknownTemplateError(f"The account has no template {template_id!r}: {advice}")
