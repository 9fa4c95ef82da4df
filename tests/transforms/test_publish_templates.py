"""What a publication adds, as tables of versions: id, version, content, published, until, paused (days of January)."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.publish_templates import Template, TemplateError, TemplateSource
from tasks.transforms.publish_templates import listed, plan_publication
from tasks.transforms.template_checks import template_problems
from tasks.transforms.template_diff import beside_the_last, of_accounts


def day(text: str | int) -> datetime | None:
    return None if text == "-" else datetime(2026, 1, int(text), tzinfo=UTC)


def truth(text: str) -> bool | None:
    return {"-": None, "paused": True, "running": False}[text]


def sources(table: str) -> dy.DataFrame[TemplateSource]:
    """Columns: id, version, content, published_at, unpublished_at, paused; `-` is null."""
    rows = [
        {
            "template_id": name,
            "version": None if version == "-" else int(version),
            "event_type": "order",
            "channel": "email",
            "priority": 0,
            "subject": content,
            "published_at": day(published),
            "unpublished_at": day(until),
            "paused": truth(paused),
        }
        for name, version, content, published, until, paused in (line.split() for line in table.strip().splitlines())
    ]
    return TemplateSource.validate(pl.DataFrame(rows, schema=TemplateSource.create_empty().schema))


def stored(table: str) -> dy.DataFrame[Template]:
    return Template.validate(sources(table), cast=True) if table.strip() else Template.create_empty()


def written(versions: pl.DataFrame) -> list[str]:
    return [
        f"{row['template_id']} {row['version']} {row['subject']} {row['published_at'].day} "
        f"{row['unpublished_at'].day if row['unpublished_at'] else '-'} {'paused' if row['paused'] else 'running'}"
        for row in versions.sort("template_id", "version").iter_rows(named=True)
    ]


NOTHING = ""


@pytest.mark.parametrize(
    ("there", "asked", "added"),
    [
        pytest.param(NOTHING, "t - A - - -", ["t 1 A 10 - running"], id="the first version is 1, published now"),
        pytest.param("t 1 A 5 - running", "t - A - - -", [], id="the same content is unchanged"),
        pytest.param(
            "t 1 A 5 - running", "t - B - - -", ["t 2 B 10 - running"], id="other content is the next version"
        ),
        pytest.param("t 7 A 5 - running", "t - B - - -", ["t 8 B 10 - running"], id="numbers go on from the highest"),
        pytest.param(
            "t 1 A 5 8 running", "t - A - - -", ["t 2 A 10 - running"], id="what was unpublished comes back anew"
        ),
        pytest.param("t 1 A 5 20 running", "t - A - - -", [], id="what will be unpublished is still there"),
        pytest.param(
            "t 1 A 5 - running\nt 2 B 6 - running",
            "t - A - - -",
            ["t 3 A 10 - running"],
            id="content of a superseded version is a new version",
        ),
        pytest.param(
            "t 1 A 5 - running\nt 2 B 20 - running",
            "t - A - - -",
            [],
            id="a scheduled version does not make the current one differ",
        ),
        pytest.param(
            "t 1 A 5 - running\nt 2 B 20 - running",
            "t - B - - -",
            ["t 3 B 10 - running"],
            id="what is scheduled can be published now",
        ),
        pytest.param(
            "t 2 B 5 - running\nt 1 A 5 - running",
            "t - B - - -",
            [],
            id="of two at one instant the higher version counts",
        ),
        pytest.param("t 1 A 5 - running", "t - B 20 - -", ["t 2 B 20 - running"], id="a publication can be scheduled"),
        pytest.param("t 1 A 5 - running\nt 2 B 20 - running", "t - B 20 - -", [], id="and is there when asked again"),
        pytest.param("t 1 A 5 - running", "t - A 20 - -", [], id="scheduling what is in force then changes nothing"),
        pytest.param(
            "t 1 A 5 - paused", "t - B - - -", ["t 2 B 10 - paused"], id="a new version of a paused one is paused"
        ),
        pytest.param("t 1 A 5 - paused", "t - B - - running", ["t 2 B 10 - running"], id="unless it says it is not"),
        pytest.param(
            "t 1 A 5 - paused", "t - A - - running", ["t 2 A 10 - running"], id="which is a change of its own"
        ),
        pytest.param("t 1 A 5 - running", "t - A - 20 -", ["t 2 A 10 20 running"], id="so is an end that is asked for"),
        pytest.param("t 1 A 5 8 running", "t - A - 8 -", [], id="what has ended as asked stays so"),
        pytest.param(
            NOTHING, "t - A - - -\nt - B - - -", ["t 1 A 10 - running", "t 2 B 10 - running"], id="several number on"
        ),
        pytest.param(
            "t 1 A 5 - running\nt 2 B 5 - running",
            "t - A - - -\nt - B - - -",
            [],
            id="several of one id are there in order",
        ),
        pytest.param(
            "t 1 A 5 - running",
            "t - A - - -\nt - B - - -",
            ["t 2 B 10 - running"],
            id="only those that follow are new",
        ),
        pytest.param(
            "t 1 X 5 - running\nt 2 A 5 - running",
            "t - A - - -\nt - B - - -\nt - A - - -",
            ["t 3 B 10 - running", "t 4 A 10 - running"],
            id="their order is kept",
        ),
        pytest.param(NOTHING, "t - A - - -\nt - A - - -", ["t 1 A 10 - running"], id="the same twice is one version"),
        pytest.param(NOTHING, "t 3 A 5 8 paused", ["t 3 A 5 8 paused"], id="a version given is inserted as it is"),
        pytest.param("t 3 A 5 8 paused", "t 3 A - - -", [], id="a version that is there is unchanged"),
        pytest.param(
            "t 3 A 5 - running", "t 3 A 5 - -\nt - B - - -", ["t 4 B 10 - running"], id="both kinds in one file"
        ),
        pytest.param(
            "t 1 A 1 - paused\nt 9 A 2 - running",
            "t 5 B - - -",
            ["t 5 B 10 - paused"],
            id="paused as the version before it",
        ),
        pytest.param(
            "t 1 A 5 - running",
            "u - A - - -\nt - B - - -",
            ["t 2 B 10 - running", "u 1 A 10 - running"],
            id="ids do not touch each other",
        ),
        pytest.param(
            "t 1 A 5 - paused",
            "u - A - - -\nt - B - - -",
            ["t 2 B 10 - paused", "u 1 A 10 - running"],
            id="nor does one that is paused",
        ),
        pytest.param(
            NOTHING,
            "t 5 A - - -\nt - A - - -\nt - B - - -",
            ["t 5 A 10 - running", "t 6 B 10 - running"],
            id="a version given comes before those that number on",
        ),
    ],
)
def test_a_publication_adds_what_is_not_there_and_then_nothing(there: str, asked: str, added: list[str]) -> None:
    plan = plan_publication(stored(there), sources(asked), at=datetime(2026, 1, 10, tzinfo=UTC))
    assert written(plan.versions) == added
    assert plan.unchanged == sources(asked).height - len(added)
    after = Template.validate(pl.concat([stored(there), plan.versions]))
    again = plan_publication(after, sources(asked), at=datetime(2026, 1, 11, tzinfo=UTC))
    assert (written(again.versions), again.unchanged) == ([], sources(asked).height)


@pytest.mark.parametrize(
    ("there", "asked", "complaints"),
    [
        ("t 1 A 5 - running", "t 1 B - - -", ["template t: version: 1 is there with another subject"]),
        ("t 1 A 5 - running", "t 1 A 6 - -", ["template t: version: 1 is there with another published_at"]),
        (NOTHING, "t 1 A - - -\nt 1 B - - -", ["template t: version: 1 comes twice"]),
        (
            NOTHING,
            "t - A - 9 -",
            [
                (
                    "template t: unpublished_at: 2026-01-09T00:00:00+00:00 is before its publication at "
                    "2026-01-10T00:00:00+00:00"
                )
            ],
        ),
        (
            "t 1 A 5 - running",
            "t 1 B 6 - -\nu 1 A - - -\nu 1 B - - -",
            [
                "template t: version: 1 is there with another published_at, subject",
                "template u: version: 1 comes twice",
            ],
        ),
    ],
)
def test_what_contradicts_a_version_is_refused_with_all_the_rest(there: str, asked: str, complaints: list[str]) -> None:
    with pytest.raises(TemplateError) as caught:
        plan_publication(stored(there), sources(asked), at=datetime(2026, 1, 10, tzinfo=UTC))
    assert len(caught.value.problems) == len(complaints)
    assert all(complaint in str(caught.value) for complaint in complaints)


def test_each_version_is_in_one_state() -> None:
    versions = stored(
        """
        a 1 A 1 - running
        a 2 A 5 - running
        a 3 A 20 - running
        b 1 A 1 - running
        b 2 A 5 10 running
        c 1 A 5 11 paused
        d 1 A 20 - paused
        e 1 A 5 - running
        e 2 A 4 - running
        f 1 A 5 10 paused
        """
    )
    states = listed(versions.drop("body_text", "body_html"), now=datetime(2026, 1, 10, tzinfo=UTC))
    assert states.select("template_id", "version", "state").rows() == [
        ("a", 1, "superseded"),
        ("a", 2, "published"),
        ("a", 3, "scheduled"),
        ("b", 1, "superseded"),
        ("b", 2, "unpublished"),
        ("c", 1, "paused"),
        ("d", 1, "scheduled"),
        ("e", 1, "published"),
        ("e", 2, "superseded"),
        ("f", 1, "unpublished"),
    ]


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=5, minutes=30)), ZoneInfo("Europe/Paris")])
def test_an_instant_with_another_offset_is_the_same_instant(zone: tzinfo) -> None:
    at = datetime(2026, 1, 10, 12, tzinfo=UTC).astimezone(zone)
    plan = plan_publication(stored(NOTHING), sources("t - A - - -"), at=at)
    assert plan.versions["published_at"].to_list() == [datetime(2026, 1, 10, 12, tzinfo=UTC)]
    assert listed(plan.versions.drop("body_text", "body_html"), now=at)["state"].to_list() == ["published"]
    assert plan_publication(plan.versions, sources("t - A - - -"), at=at).unchanged == 1


def test_a_template_needs_a_body_that_its_channel_carries_and_a_condition_that_compiles() -> None:
    rows = [("email", None, None), ("email", "x", None), ("email", None, "x"), ("sms", None, "x"), ("ios", "x", None)]
    templates = pl.DataFrame(
        [
            {
                "template_id": f"t{number}",
                "event_type": "a",
                "channel": channel,
                "priority": 0,
                "body_text": text,
                "body_html": html,
            }
            | {"condition": "amount > 1" if number == 4 else "ctx.amount > 1"}
            for number, (channel, text, html) in enumerate(rows)
        ],
        schema=TemplateSource.create_empty().schema,
    )
    problems = template_problems(TemplateSource.validate(templates))
    assert sorted((problem.where, problem.field) for problem in problems) == [
        ("template t0", "body_text"),
        ("template t3", "body_text"),
        ("template t4", "condition"),
    ]


# One id, no versions, no instants: a naive publisher that looks at the last published content.


def naive(history: list[str], file: list[str]) -> list[str]:
    """What to append: the file without its longest beginning that is the end of the history."""
    distinct = [content for number, content in enumerate(file) if number == 0 or file[number - 1] != content]
    lengths = [length for length in range(len(distinct) + 1) if history[len(history) - length :] == distinct[:length]]
    return distinct[max(length for length in lengths if length <= len(history)) :]


@settings(max_examples=30, deadline=None)
@given(files=st.lists(st.lists(st.sampled_from("ABC"), max_size=4), min_size=1, max_size=5))
def test_successive_files_leave_the_history_that_a_naive_publisher_leaves(files: list[list[str]]) -> None:
    history: list[str] = []
    existing = Template.create_empty()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, file in enumerate(files):
        at = start + timedelta(days=number)
        source = sources("\n".join(f"t - {content} - - -" for content in file))
        plan = plan_publication(existing, source, at=at)
        expected = naive(history, file)
        assert plan.versions.sort("version")["subject"].to_list() == expected
        assert plan.unchanged == len(file) - len(expected)
        history += expected
        existing = Template.validate(pl.concat([existing, plan.versions]))
        assert existing["version"].sort().to_list() == list(range(1, len(history) + 1))
        assert plan_publication(existing, source, at=at + timedelta(hours=1)).versions.is_empty()


def test_a_new_version_stands_beside_the_one_published_last_and_the_next_beside_it() -> None:
    existing = stored("""
        a 1 late  9 - running
        a 2 early 5 - running
        b 1 only  5 - running
    """)
    new = stored("""
        a 3 next  10 - running
        a 4 after 10 - running
        c 1 first 10 - running
    """)
    beside = beside_the_last(existing, new)
    assert beside.select("template_id", "version", "before_version", "before_subject").rows() == [
        ("a", 3, 1, "late"),
        ("a", 4, 3, "next"),
        ("c", 1, None, None),
    ]
    other = beside_the_last(Template.validate(existing.filter(version=2)), new)
    told = of_accounts({"x": beside, "y": other, "z": beside}).select(
        "template_id", "version", "before_version", "accounts"
    )
    assert sorted(told.rows()) == [
        ("a", 3, 1, ["x", "z"]),
        ("a", 3, 2, ["y"]),
        ("a", 4, 3, ["x", "y", "z"]),
        ("c", 1, None, ["x", "y", "z"]),
    ]
