"""Commands that look: `event`, `report` and `query` tell all there is, and touch nothing."""

from pathlib import Path

import pytest
from cli.command_line import CELL, Command, CommandLine, strict


def test_the_story_of_every_event_is_told_whatever_it_holds(command: Command, home: Path) -> None:
    for row in CommandLine(home).store(
        "alpha", "select event_id, event_key from event where source_file = 'events.ndjson'"
    ):
        told = command("event", row["event_id"], "--json")
        assert told.code == 0
        story = strict(told.out)
        assert story["event"][0]["event_id"] == story["archived_event"][0]["event_id"] == str(row["event_id"])
        assert story["event"][0]["event_key"] == row["event_key"]
        shown = command("event", row["event_id"])
        assert shown.code == 0
        assert "\x1b" not in shown.out
        assert "\x00" not in shown.out


def test_numbers_that_json_cannot_hold_are_text(command: Command) -> None:
    sql = "select event_id, 9007199254740993 n, 'nan'::double x, 12::hugeint total, interval 36 hour t from event"
    outcome = command("query", sql, "--limit", 1, "--json")
    (row,) = strict(outcome.out)["rows"]
    assert int(row["event_id"]) > CELL * 2**56
    assert isinstance(row["event_id"], str)
    assert (row["n"], row["x"], row["total"], row["t"]) == ("9007199254740993", "nan", 12, "36:00:00")
    assert "first 1 rows" in outcome.err


def test_an_id_is_text_however_small_it_is(command: Command) -> None:
    assert command("query", "select 7 as event_id, 7 as n", "--json").answer == {"rows": [{"event_id": "7", "n": 7}]}


def test_a_value_is_shown_as_it_is_and_never_as_markup(command: Command) -> None:
    outcome = command("query", "select '[/bold][red]x' as \"[/a]\", 'e' || chr(27) || '[31m' as b")
    assert outcome.code == 0
    assert "[/bold][red]x" in outcome.out
    assert "[/a]" in outcome.out
    assert "\x1b[31m" not in outcome.out


@pytest.mark.parametrize(
    "sql",
    [
        "insert into event select * from event",
        "with gone as (delete from event returning *) select * from gone",
        "select 1; drop table event",
        "create table mine as select 1",
        "attach 'STORE' as live",
        "select * from read_text('STORE')",
        "select * from 'STORE'",
        "select * from glob('/*')",
        "copy event to 'TARGET'",
        "export database 'TARGET'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "install httpfs",
        "load httpfs",
        "",
        "select",
    ],
)
def test_a_query_only_reads_what_is_published(command: Command, home: Path, tmp_path: Path, sql: str) -> None:
    target = tmp_path / "stolen"
    published = (home / "published" / "control.duckdb").read_bytes()
    sql = sql.replace("STORE", str(home / "store" / "alpha.duckdb")).replace("TARGET", str(target))
    outcome = command("query", sql, "--json")
    assert outcome.code == 1
    assert strict(outcome.out)["error"]
    assert not target.exists()
    assert (home / "published" / "control.duckdb").read_bytes() == published


@pytest.mark.parametrize("report", ["service-level", "processing-time", "history"])
def test_a_report_has_rows_of_the_account_asked_for(command: Command, report: str) -> None:
    rows = strict(command("report", report, "--json").out)["rows"]
    assert {row["account"] for row in rows} == {"alpha"}
    assert strict(command("report", report, "--account", "alpha", "--json").out)["rows"] == rows
    assert command("report", report).code == 0


LOOKS = (("query", "select 1"), ("report", "history"), ("event", "5"), ("templates", "list"))


@pytest.mark.parametrize("arguments", LOOKS, ids=" ".join)
def test_looking_at_an_empty_home_says_what_to_do_and_makes_nothing(
    command: Command, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    outcome = command(*arguments, "--json", home=tmp_path / "none")
    assert outcome.code == 2
    assert "message-center" in strict(outcome.out)["error"] or "account" in strict(outcome.out)["error"]
    assert not (tmp_path / "none").exists()


def test_a_query_of_an_account_sees_its_queue_as_it_stands_and_no_more(command: Command, home: Path) -> None:
    found = command("query", "--account", "alpha", "select event_key, status from event order by 1", "--json")
    ours = CommandLine(home).store("alpha", "select event_key, status from event order by 1")
    assert strict(found.out)["rows"] == ours
    assert command("query", "--account", "alpha", "delete from event").code == 1
    assert command("query", "--account", "alpha", "from read_text('/etc/hostname')").code == 1
    nobody = command("query", "--account", "nobody", "select 1", "--json")
    assert nobody.code != 0
    assert "message-center accounts add nobody" in strict(nobody.out)["error"]
