"""Commands that look: `event`, `report` and `query` tell all there is, and touch nothing."""

from pathlib import Path

import polars as pl
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


def test_a_table_of_rows_is_for_people_and_json_has_all(command: Command) -> None:
    sql = """select 12345678901234 as n, 'short' as word, repeat('long ', 100) as text,
        timestamptz '2026-11-23 08:04:57.3+00' as at"""
    table = command("query", sql).out
    assert " 12345678901234 " in table
    assert "2026-11-23 08:04:57.300Z" in table.replace("\n", "")
    assert "…" in table
    assert table.count("long") < 30
    (row,) = command("query", sql, "--json").answer["rows"]
    assert row["text"] == "long " * 100


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.csv"])
def test_all_rows_of_a_query_go_into_a_file(command: Command, tmp_path: Path, name: str) -> None:
    target = tmp_path / "new" / name
    outcome = command("query", "select i as n, 'é' as t from range(250000) r(i)", "--out", target, "--json")
    assert outcome.answer["rows"] == 250_000
    read = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "csv": pl.read_csv}[name.partition(".")[2]]
    rows = read(target)
    assert rows["n"].to_list() == list(range(250_000))
    assert rows["t"].unique().to_list() == ["é"]
    assert command("query", "select * from nowhere", "--out", tmp_path / "no.csv").code != 0
    assert not list(tmp_path.glob("*no.csv*"))
    assert "end its name with .parquet, .arrow, .csv" in command("query", "select 1", "--out", "a.xlsx").err


def test_the_tables_of_the_archive_go_into_files(command: Command, tmp_path: Path) -> None:
    written = {row["table"]: row["rows"] for row in command("export", tmp_path, "--json").answer["files"]}
    count = "select count(*) as n from {}"
    counted = {name: command("query", count.format(name), "--json").answer["rows"][0]["n"] for name in written}
    assert written == counted
    assert {path.stem for path in tmp_path.glob("*.parquet")} == set(written)
    assert pl.read_parquet(tmp_path / "event.parquet").height == written["event"] > 0
    assert command("export", tmp_path, "--table", "../event").code != 0
