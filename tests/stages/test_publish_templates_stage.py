"""Publication as its users see it: from files into stores, all or nothing, once."""

import multiprocessing
from datetime import datetime, timedelta
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
from templates import pause, publish, unpublish

from tasks.change_templates import list_templates
from tasks.contracts.publish_templates import TemplateError, TemplateSource, UnknownTemplateError
from tasks.publish_templates import (
    Publication,
    read_templates,
)
from tasks.store.connection import StoreFile
from tasks.store.publish_templates import routing_templates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    (made / "order-paid.toml").write_text(
        'event_type = "order"\ncondition = "ctx.amount > 100"\nsubject = "Paid"\nbody_text = "Thanks {{ ctx.name }}"\n'
    )
    (made / "order-sms.toml").write_text('event_type = "order"\nchannel = "sms"\nbody_text = "Thanks"\n')
    return made


def states(store: StoreFile, now: datetime) -> list[tuple[str, int, str]]:
    return list_templates(store, now=now).select("template_id", "version", "state").rows()


def test_publishing_twice_changes_nothing_and_says_so(store: StoreFile, folder: Path, now: datetime) -> None:
    sources = read_templates(folder)
    assert publish(store, sources, at=now) == Publication(published=2, unchanged=0)
    before = routing_templates(store)
    assert publish(store, read_templates(folder), at=now + timedelta(days=1)) == Publication(0, 2)
    assert routing_templates(store).equals(before)


def test_a_template_lives_from_version_to_version(store: StoreFile, folder: Path, now: datetime) -> None:
    hour = timedelta(hours=1)
    publish(store, read_templates(folder), at=now)
    (folder / "order-paid.toml").write_text('event_type = "order"\nbody_text = "Many thanks"\n')
    assert publish(store, read_templates(folder), at=now + hour) == Publication(1, 1)
    assert pause(store, "order-paid", paused=True) == 2
    sms = ("order-sms", 1, "published")
    assert states(store, now + hour) == [("order-paid", 1, "superseded"), ("order-paid", 2, "paused"), sms]
    assert pause(store, "order-paid", paused=False) == 2
    assert unpublish(store, "order-paid", at=now + 2 * hour) == 1
    assert unpublish(store, "order-paid", at=now + 3 * hour) == 0
    assert states(store, now + 3 * hour)[1] == ("order-paid", 2, "unpublished")
    assert publish(store, read_templates(folder), at=now + 4 * hour) == Publication(1, 1)
    assert states(store, now + 4 * hour)[1:] == [("order-paid", 2, "superseded"), ("order-paid", 3, "published"), sms]
    assert "body_text" not in list_templates(store, now=now).columns


def test_every_problem_of_the_checks_is_told_at_once(folder: Path) -> None:
    (folder / "order-paid.toml").write_text('event_type = "a"\ncondition = "amount > 1"\nbody_text = "{{ x"\n')
    (folder / "order-sms.toml").write_text('event_type = "a"\nchannel = "sms"\nbody_html = "x"\n')
    with pytest.raises(TemplateError) as caught:
        read_templates(folder)
    assert [(problem.where, problem.field) for problem in caught.value.problems] == [
        ("template order-paid", "body_text"),
        ("template order-paid", "condition"),
        ("template order-sms", "body_text"),
    ]
    assert "ctx.amount" in str(caught.value)


@pytest.mark.parametrize("fault", [{"condition": "nonsense >"}, {"body_text": None}, {"subject": "{{"}, {"version": 1}])
def test_one_wrong_template_keeps_all_from_being_published(
    store: StoreFile, folder: Path, now: datetime, fault: dict[str, object]
) -> None:
    publish(store, read_templates(folder), at=now)
    before = routing_templates(store)
    sources = read_templates(folder).with_columns(pl.lit("new").alias("language"))
    sms = pl.col("template_id") == "order-sms"
    broken = sources.with_columns(
        pl.when(sms).then(pl.lit(value).cast(sources.schema[name])).otherwise(name).alias(name)
        for name, value in fault.items()
    )
    with pytest.raises(TemplateError, match="template order-sms"):
        publish(store, TemplateSource.validate(broken), at=now + timedelta(hours=1))
    assert routing_templates(store).equals(before)


def test_an_unknown_template_is_told_from_those_with_near_names(store: StoreFile, folder: Path, now: datetime) -> None:
    publish(store, read_templates(folder), at=now)
    with pytest.raises(UnknownTemplateError, match="did you mean order-paid"):
        unpublish(store, "oder-payd", at=now)
    with pytest.raises(UnknownTemplateError, match="it has 2"):
        pause(store, "zzz", paused=True)


def _publish(
    store: StoreFile, sources: dy.DataFrame[TemplateSource], at: datetime, start: "multiprocessing.synchronize.Barrier"
) -> None:
    start.wait(60)
    for number in range(5):
        content = pl.format("{} {}", pl.col("body_text"), pl.lit(f"{at} {number}"))
        publish(store, TemplateSource.validate(sources.with_columns(body_text=content)), at=at)


def test_two_publishers_at_once_never_give_one_version_twice(store: StoreFile, folder: Path, now: datetime) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(2)
    patient = StoreFile(store.path, "account", wait_seconds=60)
    sources = read_templates(folder)
    publishers = [
        context.Process(target=_publish, args=(patient, sources, now + timedelta(seconds=number), start))
        for number in range(2)
    ]
    for publisher in publishers:
        publisher.start()
    for publisher in publishers:
        publisher.join()
    assert [publisher.exitcode for publisher in publishers] == [0, 0]
    versions = routing_templates(store).select("template_id", "version")
    assert versions.is_unique().all()
    assert versions.group_by("template_id").agg(pl.col("version").sort()).sort("template_id").rows() == [
        ("order-paid", list(range(1, 11))),
        ("order-sms", list(range(1, 11))),
    ]


def test_a_publisher_that_lost_the_race_is_checked_against_the_winner(
    store: StoreFile, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks import publish_templates as module

    sources = read_templates(folder)
    real_writing = module.writing

    def late_writing(store: StoreFile, *, purpose: str):  # type: ignore[no-untyped-def] # stands in for a context manager
        monkeypatch.setattr(module, "writing", real_writing)
        publish(store, sources, at=now)
        return real_writing(store, purpose=purpose)

    monkeypatch.setattr(module, "writing", late_writing)
    assert publish(store, sources, at=now + timedelta(seconds=1)) == Publication(published=0, unchanged=2)
    assert routing_templates(store)["version"].to_list() == [1, 1]
