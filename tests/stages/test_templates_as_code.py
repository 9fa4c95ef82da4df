"""Templates as code: folders with samples, what is refused, all accounts or none, who did what, and back again."""

import asyncio
import multiprocessing
import os
from datetime import datetime, timedelta
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
from browser import CHROMIUM, shown
from lives import deliver, ingest, rows_of
from lives import publish as publish_one

from flows.publish_templates import publish_templates as publish_flow
from tasks.account_run import AccountRun
from tasks.change_templates import template_history, unpublish_template, version_to_publish_again
from tasks.contracts.accounts import Account
from tasks.contracts.publish_templates import TemplateError, TemplateSource, UnknownTemplateError
from tasks.exchange.roster import add_account
from tasks.exchange.templates.publication_journal import IntendedPublication, note_publication
from tasks.publish_templates import (
    Publication,
    Stores,
    compare_templates,
    finish_publications,
    publish_templates,
    read_templates,
    write_preview,
)
from tasks.route_events import apply_routing, read_pending_events, read_routing_templates, route
from tasks.settings import Settings
from tasks.store import connection
from tasks.store.connection import StoreFile, reading
from tasks.store.lock import StoreBusyError, lock
from tasks.store.publish_templates import Change, routing_templates, versions_of

SAMPLE = '{"type": "order", "email": "a@b.example", "language": "fr-CA", "ctx": {"name": "Ada", "amount": 7}}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "templates" / "order"
    (own / "samples").mkdir(parents=True)
    (own / "template.toml").write_text('event_type = "order"\nsubject = "Paid"\nbody_text_file = "body.txt"\n')
    (own / "body.txt").write_text("Thanks {{ ctx.name }}")
    (own / "fr.toml").write_text('event_type = "order"\nlanguage = "fr"\nbody_text = "Merci {{ ctx.name }}"\n')
    (own / "large.toml").write_text(
        'event_type = "order"\ncondition = "ctx.amount > 100"\nbody_text = "{{ ctx.gift }}"\npriority = 3\n'
    )
    (own / "samples" / "orders.ndjson").write_text(SAMPLE)
    (tmp_path / "templates" / "plain.toml").write_text('event_type = "other"\nbody_text = "{{ ctx.nothing }}"\n')
    return own.parent


@pytest.fixture
def stores(settings: Settings) -> Stores:
    return {name: StoreFile(settings.account_store(name), "account", 1) for name in ("alpha", "beta", "gamma")}


def refused(folder: Path) -> list[str]:
    with pytest.raises(TemplateError) as caught:
        read_templates(folder)
    return [str(problem) for problem in caught.value.problems]


def publish(
    stores: Stores, sources: dy.DataFrame[TemplateSource], at: datetime, journal: Path
) -> dict[str, Publication]:
    return publish_templates(stores, sources, at=at, change=Change("Ada", at), journal=journal)


def versions(store: StoreFile) -> list[tuple[str, int]]:
    return routing_templates(store).select("template_id", "version").rows()


def test_a_template_has_a_folder_of_its_own_or_none(folder: Path) -> None:
    assert read_templates(folder)["template_id"].to_list() == ["order_fr", "order_large", "order", "plain"]


def test_a_variable_that_a_sample_lacks_is_refused_where_the_sample_is_for_the_template(folder: Path) -> None:
    (folder / "order" / "fr.toml").write_text('event_type = "order"\nlanguage = "fr"\nbody_text = "{{ ctx.nom }}"\n')
    where = "template order_fr: order/samples/orders.ndjson line 1: missing_variable: ctx.nom"
    assert refused(folder) == [where]
    (folder / "order" / "fr.toml").write_text('event_type = "order"\nlanguage = "it"\nbody_text = "{{ ctx.nom }}"\n')
    read_templates(folder)
    (folder / "order" / "large.toml").write_text(
        'event_type = "order"\ncondition = "ctx.amount > 5"\nbody_text = "{{ ctx.gift }}"\n'
    )
    assert refused(folder) == ["template order_large: order/samples/orders.ndjson line 1: missing_variable: ctx.gift"]


def test_samples_that_are_no_events_or_cannot_be_read_are_refused_with_their_place(folder: Path) -> None:
    samples = folder / "order" / "samples"
    (samples / "orders.ndjson").write_text(SAMPLE + '{"type": "order"}\nnonsense\n')
    told = refused(folder)
    assert [text.split(";")[0] for text in told] == [
        "order/samples/orders.ndjson line 2: is no event",
        "order/samples/orders.ndjson line 3: is no event",
    ]
    (samples / "orders.ndjson").unlink()
    (samples / "orders.parquet").write_bytes(b"PAR1 and no more")
    assert refused(folder)[0].startswith("order/samples/orders.parquet: cannot be read; ")


def test_nothing_is_published_anywhere_while_one_account_cannot(
    stores: Stores, folder: Path, now: datetime, tmp_path: Path
) -> None:
    sources, journal = read_templates(folder), tmp_path / "journal"
    publish(stores, sources.head(0), now, journal)
    gamma = stores["gamma"]
    with lock(gamma.lock_path, exclusive=True, wait_seconds=1, purpose="in the way"), pytest.raises(StoreBusyError):
        publish(stores, sources, now, journal)
    other = TemplateSource.validate(sources.head(1).with_columns(version=pl.lit(1, pl.Int32), body_text=pl.lit("x")))
    publish({"gamma": gamma}, other, now, journal)
    numbered = TemplateSource.validate(sources.with_columns(version=pl.lit(1, pl.Int32)))
    with pytest.raises(TemplateError, match="is there with another"):
        publish(stores, numbered, now, journal)
    assert [len(versions(store)) for store in stores.values()] == [0, 0, 1]
    assert not list(journal.glob("*.parquet"))


def _publish_and_die(stores: Stores, folder: Path, now: datetime, journal: Path, commits: int) -> None:
    sources = read_templates(folder)
    real, done = connection.commit, 0

    def commit(*given: object) -> None:
        nonlocal done
        if done == commits:
            os._exit(9)
        done += 1
        real(*given)  # type: ignore[arg-type]

    connection.commit = commit  # type: ignore[assignment]
    publish(stores, sources, now, journal)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_a_publication_that_a_crash_cuts_off_is_finished_by_the_next(
    stores: Stores, folder: Path, now: datetime, tmp_path: Path, commits: int
) -> None:
    sources, journal = read_templates(folder), tmp_path / "journal"
    for store in stores.values():
        assert versions(store) == []  # so that the stores are made
    child = multiprocessing.get_context("spawn").Process(
        target=_publish_and_die, args=(stores, folder, now, journal, commits)
    )
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert sum(bool(versions(store)) for store in stores.values()) == commits
    assert finish_publications(stores, journal=journal) == 1
    assert finish_publications(stores, journal=journal) == 0
    assert {str(versions(store)) for store in stores.values()} == {str(sorted((i, 1) for i in sources["template_id"]))}
    assert publish(stores, sources, now + timedelta(days=1), journal)["beta"] == Publication(0, 4)
    assert template_history(stores["gamma"])["changed_by"].to_list() == ["Ada"] * 4


def test_what_a_publication_changes_is_told_before_it(
    stores: Stores, folder: Path, now: datetime, tmp_path: Path
) -> None:
    publish({"alpha": stores["alpha"]}, read_templates(folder), now, tmp_path)
    (folder / "order" / "body.txt").write_text("Many thanks\n{{ ctx.name }}")
    changes = compare_templates(stores, read_templates(folder), at=now + timedelta(hours=1))
    told = {(one.template_id, one.accounts): (one.version, one.is_first) for one in changes}
    everything = dict.fromkeys(
        ((name, ("beta", "gamma")) for name in ("order", "order_fr", "order_large", "plain")), (1, True)
    )
    assert told == {("order", ("alpha",)): (2, False), **everything}
    text = next(one.text for one in changes if one.accounts == ("alpha",))
    assert [line for line in text.splitlines() if line[:1] in "+-"][2:] == [
        "-    Thanks {{ ctx.name }}",
        "+    Many thanks",
        "+    {{ ctx.name }}",
    ]
    assert versions(stores["beta"]) == []


def test_a_version_comes_back_as_the_next_one_with_the_hash_that_it_had(
    stores: Stores, folder: Path, now: datetime, tmp_path: Path
) -> None:
    publish(stores, read_templates(folder), now, tmp_path)
    (folder / "order" / "body.txt").write_text("Tanks {{ ctx.name }}")
    publish(stores, read_templates(folder), now + timedelta(hours=1), tmp_path)
    again = version_to_publish_again(stores, "order", 1)
    assert publish(stores, again, now + timedelta(hours=2), tmp_path) == dict.fromkeys(stores, Publication(1, 0))
    history = template_history(stores["beta"], "order")
    first, second, third = history["content_hash"]
    assert first == third != second
    with reading(stores["beta"]) as session:
        assert versions_of(session, pl.Series(["order"]))["body_text"].to_list()[::2] == ["Thanks {{ ctx.name }}"] * 2
    with pytest.raises(UnknownTemplateError, match=r"no version 9 of 'order'; it has 1, 2, 3\."):
        version_to_publish_again(stores, "order", 9)
    (folder / "order" / "body.txt").write_text("only in alpha {{ ctx.name }}")
    publish({"alpha": stores["alpha"]}, read_templates(folder), now + timedelta(hours=3), tmp_path)
    (folder / "order" / "body.txt").write_text("not in alpha {{ ctx.name }}")
    publish({"beta": stores["beta"]}, read_templates(folder), now + timedelta(hours=3), tmp_path)
    with pytest.raises(UnknownTemplateError, match="one account at a time"):
        version_to_publish_again({name: stores[name] for name in ("alpha", "beta")}, "order", 4)


def test_the_history_tells_who_ended_a_template_and_since_when(
    stores: Stores, folder: Path, now: datetime, tmp_path: Path
) -> None:
    publish(stores, read_templates(folder), now, tmp_path)
    hour = timedelta(hours=1)
    assert unpublish_template(stores["alpha"], "plain", at=now + hour, change=Change("Bea", now + 2 * hour)) == 1
    last = template_history(stores["alpha"], "plain").select("action", "effective_at", "changed_at", "changed_by")
    assert last.row(-1) == ("unpublished", now + hour, now + 2 * hour, "Bea")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no browser here")
def test_a_preview_shows_every_sample_and_runs_no_script_of_a_template(folder: Path, tmp_path: Path) -> None:
    (folder / "order" / "template.toml").write_text(
        'event_type = "order"\nsubject = "Paid <b>"\nbody_html = """<p>Dear {{ ctx.name }}</p>'
        '<script>parent.document.title = \'taken over\'</script>"""\n'
    )
    page = tmp_path / "page.html"
    counts = write_preview(folder, page)
    assert (counts.templates, counts.messages, counts.failed) == (4, 2, 0)
    dom = shown(page.as_uri(), tmp_path / "profile")
    assert "<title>Preview of templates</title>" in dom
    assert "Paid &lt;b&gt;" in dom
    assert "Merci Ada" in dom
    assert dom.count("No sample event fits it.") == 2


def test_a_delivery_that_is_made_after_its_template_was_unpublished_sends_nothing(
    run: AccountRun, tmp_path: Path, now: datetime
) -> None:
    publish_one(run, [{"template_id": "order"}])
    ingest(run, [{"id": "1", "type": "order", "email": "a@b.example"}], tmp_path)
    routing = route(run.store, read_pending_events(run.store, "batch"), read_routing_templates(run.store), now=now)
    assert unpublish_template(run.store, "order", at=now, change=Change("Bea", now)) == 1
    apply_routing(run.store, routing, account=run.account, queue="batch", now=now)
    assert rows_of(run, "select state from delivery") == [("closed",)]
    assert deliver(run)["suppressed"] == 1


def test_the_flow_finishes_what_was_cut_off_and_says_so(
    settings: Settings, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(settings.home))
    for number, name in enumerate(("alpha", "beta")):
        add_account(settings.roster_path, Account(name=name, cell_id=number))
    left = read_templates(folder)
    note_publication(settings.publications, IntendedPublication(("alpha", "beta"), left, now, now, "Ada"))
    (folder / "plain.toml").unlink()
    told = asyncio.run(publish_flow.fn(str(folder), accounts=["alpha"]))
    assert (told["finished_publications"], told["published"], told["unchanged"]) == (1, 0, 3)
    beta = StoreFile(settings.account_store("beta"), "account", 1)
    assert len(versions(beta)) == 4
    assert not list(settings.publications.glob("*.parquet"))
