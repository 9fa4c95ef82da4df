"""Files and templates on the command line: what is taken in, what is left alone, what comes and goes."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from cli.command_line import TEMPLATE, Command, CommandLine, event, lines, strict


def test_files_still_being_written_folders_and_pipes_are_left_alone(command: Command, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "folder.ndjson").mkdir(parents=True)
    waiting = [inbox / name for name in ("a.ndjson.part", "b.ndjson.tmp", ".c.ndjson")]
    for path in waiting:
        lines(path, [event("untouched")])
    answer = command("ingest", "--account", "alpha", inbox, *waiting, inbox / "folder.ndjson", "--json").answer
    assert (answer["files"], answer["rows"], answer["unreadable_files"]) == (0, 0, 0)
    assert all(path.exists() for path in waiting)
    assert {path.name for path in inbox.iterdir()} == {"folder.ndjson", *(path.name for path in waiting)}


def test_the_same_content_is_taken_in_once_under_any_name(command: Command, tmp_path: Path) -> None:
    path = lines(tmp_path / "once.ndjson", [event("once")])
    again = lines(tmp_path / "another-name.ndjson", [event("once")])
    assert command("ingest", "--account", "alpha", path, "--json").answer["accepted"] == 1
    outcome = command("ingest", "--account", "alpha", path, again, "--json")
    assert {name: outcome.answer[name] for name in ("files", "rows", "accepted", "duplicates")} == {
        "files": 0, "rows": 0, "accepted": 0, "duplicates": 0,
    }  # fmt: skip
    assert "before" in outcome.err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.parquet", b"PAR1" + b"\0" * 40),
        ("cut.ndjson.gz", gzip.compress(b'{"id": "1"}' * 1_000, mtime=0)[:60]),
        ("cut.xml", b"<PushEvents><rtEvent id='1'/>"),
        ("bomb.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><rtEvent type='&b;'/>"),
        ("letter.doc", b"Dear all"),
        ("headless.csv", b"1,greeting,ada@example.com\n"),
    ],
)
def test_an_unreadable_file_is_moved_with_its_reason_and_its_neighbours_are_taken_in(
    command: Command, tmp_path: Path, name: str, content: bytes
) -> None:
    bad = tmp_path / name
    bad.write_bytes(content)
    good = lines(tmp_path / "good.ndjson", [event(f"beside {name}")])
    outcome = command("ingest", "--account", "alpha", bad, good, "--json")
    assert (outcome.answer["unreadable_files"], outcome.answer["accepted"]) == (1, 1)
    assert not bad.exists()
    assert (tmp_path / "rejected" / name).read_bytes() == content
    assert name in (tmp_path / "rejected" / f"{name}.reason.txt").read_text()
    assert "rejected" in outcome.err


def test_a_bad_row_costs_only_itself(command: Command, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    bad = [
        '{"id": "nan", "type": "greeting", "email": "a@b.fr", "ctx": {"n": NaN}}',
        '{"id": "infinite", "type": "greeting", "email": "a@b.fr", "ctx": "{\\"n\\": -Infinity}"}',
        '{"id": "year 10000", "type": "greeting", "email": "a@b.fr", "created": "9999-12-31T23:59:59-01:00"}',
        '{"id": "half a pair \\ud800", "type": "greeting", "email": "a@b.fr"}',
        "{broken",
    ]
    good = [event("NaN", ctx={"said": 'NaN " Infinity \\'}), event("last day", created="9999-12-31T23:59:59Z")]
    path.write_text("\n".join([*bad, *map(json.dumps, good)]))
    answer = command("ingest", "--account", "alpha", path, "--json").answer
    assert (answer["rows"], answer["accepted"], answer["rejected"]) == (7, 2, 5)
    rejected = CommandLine(home).store(
        "alpha", "select line, reason, raw from rejected_event where source_file = 'rows.ndjson' order by line"
    )
    reasons = ["unparseable", "ctx_not_an_object", "impossible_date", "unparseable", "unparseable"]
    assert [(row["line"], row["reason"], row["raw"]) for row in rejected] == [
        (line, reason, raw) for line, (reason, raw) in enumerate(zip(reasons, bad, strict=True), start=1)
    ]


def test_an_element_among_events_that_is_none_is_rejected_and_not_lost(
    command: Command, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mistyped.xml"
    known = '<rtEvent id="typed well" type="greeting" email="a@b.fr"/>'
    mistyped = ['<rtevent id="lost?" type="greeting" email="a@b.fr"><ctx><a>1</a></ctx></rtevent>', '<other x="1" />']
    beside = "<sessiontoken>not to be kept</sessiontoken>"
    path.write_text(f"<PushEvents>{beside}{mistyped[0]}{known}{mistyped[1]}</PushEvents>")
    answer = command("ingest", "--account", "alpha", path, "--json").answer
    assert (answer["rows"], answer["accepted"], answer["rejected"]) == (3, 1, 2)
    rejected = CommandLine(home).store("alpha", "select raw from rejected_event where source_file = 'mistyped.xml'")
    assert [row["raw"] for row in rejected] == mistyped


def test_channel_numbers_that_a_tool_made_doubles_are_still_channels(command: Command, tmp_path: Path) -> None:
    rows = pl.DataFrame({"id": ["d0", "d1"], "type": "greeting", "email": "a@b.fr", "wishedChannel": [0.0, None]})
    rows.write_parquet(tmp_path / "doubles.parquet")
    answer = command("ingest", "--account", "alpha", tmp_path / "doubles.parquet", "--json").answer
    assert (answer["accepted"], answer["rejected"]) == (2, 0)


def test_two_accounts_may_have_the_same_keys_and_never_share_an_id(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = lines(tmp_path / "events.ndjson", [event("same"), event("other"), event("same")])
    for account in ("beta", "gamma"):
        assert command("accounts", "add", account, "--json", home=home).code == 0
        answer = command("ingest", "--account", account, path, "--json", home=home).answer
        assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    beta, gamma = (CommandLine(home).store(one, "select event_id, event_key from event") for one in ("beta", "gamma"))
    assert {row["event_key"] for row in beta} == {row["event_key"] for row in gamma}
    assert not {row["event_id"] for row in beta} & {row["event_id"] for row in gamma}


def test_templates_are_published_all_or_none(command: Command, tmp_path: Path) -> None:
    bad = [TEMPLATE | {"template_id": "fine"}, TEMPLATE | {"template_id": "wrong", "condition": "ctx.amount >"}]
    outcome = command("templates", "publish", lines(tmp_path / "templates.ndjson", bad), "--json")
    assert outcome.code == 1
    assert "wrong" in strict(outcome.out)["error"]
    listed = {row["template_id"] for row in command("templates", "list", "--json").answer["templates"]}
    assert not listed & {"fine", "wrong"}


def test_a_template_comes_and_goes_and_comes_back_at_the_instants_said(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    command("accounts", "add", "beta", home=home)
    content = {name: value for name, value in TEMPLATE.items() if name != "published_at"}
    path = lines(tmp_path / "hello.ndjson", [content])
    steps = (("publish", path, "2026-01-01"), ("unpublish", "hello", "2026-03-01"), ("publish", path, "2026-05-01"))
    for verb, what, day in steps:
        assert command("templates", verb, what, "--at", f"{day}T00:00:00+00:00", home=home).code == 0
    found = {}
    for month in (12, 2, 4, 6):
        day = f"{2025 if month == 12 else 2026}-{month:02}-01T00:00:00Z"
        rows = lines(tmp_path / f"{month}.ndjson", [event(f"in month {month}")])
        at = ("--account", "beta", "--queue", "batch", "--now", day, "--json")
        command("ingest", *at, rows, home=home)
        found[month] = command("process", *at, home=home).answer["pending_delivery"]
    assert found == {12: 0, 2: 1, 4: 0, 6: 1}
    events = CommandLine(home).store("beta", "select status, reason, template_version from event order by event_id")
    assert [(row["reason"], row["template_version"]) for row in events] == [
        ("template_not_published", None), (None, 1), ("template_not_published", None), (None, 2),
    ]  # fmt: skip
