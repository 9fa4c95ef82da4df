"""Template versions in the store: read without their bodies, ended, paused, each change in the sequence."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.contracts.publish_templates import RoutingTemplate, Template
from tasks.store.connection import StoreFile, reading, writing
from tasks.store.publish_templates import (
    Change,
    insert_versions,
    pause,
    routing_templates,
    template_ids,
    unpublish,
    versions_of,
)

CHANGE = Change("a test", datetime(2026, 2, 1, tzinfo=UTC))


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.fixture
def filled(store: StoreFile) -> StoreFile:
    rows = [("a", 1, 1, None), ("a", 2, 5, None), ("a", 3, 5, None), ("a", 4, 20, None), ("b", 1, 1, 4)]
    versions = Template.validate(
        pl.DataFrame(
            [
                {"template_id": name, "version": version, "event_type": "order", "channel": "email", "queue": "rt"}
                | {"priority": 1, "condition": "ctx.a > 1", "language": "fr", "body_text": "text", "paused": False}
                | {"published_at": day(since), "unpublished_at": None if until is None else day(until)}
                for name, version, since, until in rows
            ],
            schema=Template.create_empty().schema,
        )
    )
    with writing(store, purpose="test") as session:
        assert insert_versions(session, versions, change=CHANGE) == 5
        assert versions_of(session, pl.Series(["a", "b", "a"])).equals(versions)
        assert versions_of(session, pl.Series(["b", "c"]))["template_id"].to_list() == ["b"]
    return store


def ended(store: StoreFile) -> list[tuple[str, int]]:
    return (
        routing_templates(store).filter(pl.col("unpublished_at").is_not_null()).select("template_id", "version").rows()
    )


def sequence(store: StoreFile) -> list[int]:
    with reading(store) as session:
        rows = session.connection.execute("select change_seq from template order by template_id, version").fetchall()
    return [number for (number,) in rows]


def test_routing_reads_every_version_and_no_body(filled: StoreFile) -> None:
    templates = routing_templates(filled)
    assert templates.columns == RoutingTemplate.column_names()
    assert templates.select("template_id", "version").rows() == [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 1)]
    with reading(filled) as session:
        assert template_ids(session) == ["a", "b"]


def test_an_empty_store_has_no_templates(store: StoreFile) -> None:
    assert routing_templates(store).is_empty()


@pytest.mark.parametrize(
    ("template_id", "at", "count", "version"),
    [("a", 10, 1, 3), ("a", 3, 1, 1), ("a", 25, 1, 4), ("b", 3, 1, 1), ("b", 4, 0, None), ("c", 10, 0, None)],
)
def test_unpublishing_ends_the_version_in_force_once(
    filled: StoreFile, template_id: str, at: int, count: int, version: int | None
) -> None:
    for expected in (count, 0):
        with writing(filled, purpose="test") as session:
            assert unpublish(session, template_id, at=day(at), change=CHANGE) == expected
    assert ended(filled) == sorted({("b", 1), *([(template_id, version)] if version else [])})
    assert len(set(sequence(filled))) == 5
    assert (max(sequence(filled)) > 5 + 5) == bool(count)  # five publications were noted


def test_pausing_takes_all_versions_and_counts_those_that_change(filled: StoreFile) -> None:
    for paused, expected in [(True, 4), (True, 0), (False, 4)]:
        with writing(filled, purpose="test") as session:
            assert pause(session, "a", paused=paused, change=CHANGE) == expected
    assert routing_templates(filled)["paused"].to_list() == [False] * 5
    assert sorted(sequence(filled)) == [5, 19, 20, 21, 22]  # each change is noted, under a number of its own
