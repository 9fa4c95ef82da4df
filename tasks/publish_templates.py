"""Stage 1: message templates are checked and published, in all accounts or in none."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dataframely as dy

from tasks.contracts.publish_templates import TemplateDiff, TemplateError, TemplateSource
from tasks.exchange.templates.check_template_texts import text_problems
from tasks.exchange.templates.preview_page import preview_page
from tasks.exchange.templates.publication_journal import (
    IntendedPublication,
    note_publication,
    unfinished_publications,
)
from tasks.exchange.templates.read_templates import read_templates as read_template_files
from tasks.exchange.templates.template_diffs import template_diffs
from tasks.stage import stage
from tasks.store import publish_templates as in_store
from tasks.store.connection import Session, StoreFile, reading, writing
from tasks.store.publish_templates import Change
from tasks.template_samples import render_samples
from tasks.transforms.publish_templates import PublicationPlan, plan_publication
from tasks.transforms.template_checks import template_problems
from tasks.transforms.template_diff import beside_the_last, of_accounts
from tasks.transforms.template_samples import sample_problems

Stores = Mapping[str, StoreFile]
"""The stores of accounts, by name."""


@dataclass(frozen=True)
class Publication:
    """What a publication did in an account."""

    published: int
    """Versions that are new."""
    unchanged: int
    """Sources that were there already."""


@stage
def read_templates(path: Path) -> dy.DataFrame[TemplateSource]:
    """Reads the templates of a folder of TOML files or of one table, and checks all of them, on their samples too.

    Raises:
        TemplateError: Anything is wrong with any of them; lists all of it.
    """
    files = read_template_files(path)
    sources = TemplateSource.validate(files.sources)
    _check(sources)
    if problems := sample_problems(render_samples(sources, files.folders)):
        raise TemplateError(problems)
    return sources


@dataclass(frozen=True)
class Preview:
    """What a page of sample messages shows."""

    templates: int
    messages: int
    failed: int
    """Messages that could not be made of their sample."""


def write_preview(path: Path, out: Path) -> Preview:
    """Writes a page of what templates make of their samples, also of those that cannot be published for it.

    Raises:
        TemplateError: A template is wrong, or a sample is no event.
    """
    files = read_template_files(path)
    sources = TemplateSource.validate(files.sources)
    _check(sources)
    messages = render_samples(sources, files.folders)
    out.write_text(preview_page(messages, title=path.resolve().name), encoding="utf-8")
    made = messages["place"].count()
    return Preview(sources.height, made, messages["problem"].count())


@stage
def compare_templates(stores: Stores, sources: dy.DataFrame[TemplateSource], *, at: datetime) -> list[TemplateDiff]:
    """What a publication of checked templates would change; equal changes of several accounts told once.

    Raises:
        TemplateError: A template asks for a version that is there with other content.
    """
    found = {}
    for name, store in stores.items():
        with reading(store) as session:
            existing = in_store.versions_of(session, sources["template_id"])
        found[name] = beside_the_last(existing, plan_publication(existing, sources, at=at).versions)
    return template_diffs(of_accounts(found))


@stage
def publish_templates(
    stores: Stores, sources: dy.DataFrame[TemplateSource], *, at: datetime, change: Change, journal: Path
) -> dict[str, Publication]:
    """Makes templates the published versions of accounts: all of them in all accounts, or none where one is wrong.

    All accounts are locked, and what changes is written down, before the first of them has it: a publication that a
    crash cuts off is finished by `finish_publications`. Publishing the same again changes nothing.

    Args:
        stores: Where to.
        sources: The templates, in order.
        at: The instant of publication of those that name none.
        change: By whom and when.
        journal: The folder of publications that are under way.

    Raises:
        TemplateError: A template is wrong, or asks for a version that is there with other content.
        StoreBusyError: Somebody did not leave one of the stores in time.
    """
    _check(sources)
    plans = {}
    for name, store in stores.items():
        with reading(store) as session:
            plans[name] = _plan(session, sources, at=at)
    if all(plan.versions.is_empty() for plan in plans.values()):
        return {name: Publication(0, plan.unchanged) for name, plan in plans.items()}
    intended = IntendedPublication(tuple(sorted(stores)), sources, at, change.at, change.by)
    with ExitStack() as sessions:
        done = {}
        for name in intended.accounts:  # in one order, so that no two publications wait for each other
            session = sessions.enter_context(writing(stores[name], purpose="publishing templates"))
            # Somebody may have published since: versions are given only under the lock.
            plan = _plan(session, sources, at=at)
            done[name] = Publication(in_store.insert_versions(session, plan.versions, change=change), plan.unchanged)
        noted = note_publication(journal, intended)
    noted.unlink(missing_ok=True)
    return {name: done[name] for name in stores}


@stage
def finish_publications(stores: Stores, *, journal: Path) -> int:
    """Publishes in all accounts what a crash left published in some of them; returns how many publications that was."""
    count = 0
    for path, left in unfinished_publications(journal):
        publish_templates(
            {name: stores[name] for name in left.accounts if name in stores},
            left.sources,
            at=left.published_at,
            change=Change(left.changed_by, left.changed_at),
            journal=journal,
        )
        path.unlink(missing_ok=True)
        count += 1
    return count


def _plan(session: Session, sources: dy.DataFrame[TemplateSource], *, at: datetime) -> PublicationPlan:
    return plan_publication(in_store.versions_of(session, sources["template_id"]), sources, at=at)


def _check(sources: dy.DataFrame[TemplateSource]) -> None:
    if problems := sorted([*template_problems(sources), *text_problems(sources)]):
        raise TemplateError(problems)
