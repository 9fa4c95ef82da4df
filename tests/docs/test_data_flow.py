"""The README's picture is that of the statements: it is read from them, whole."""

from pathlib import Path

import pytest

from deployments import data_flow
from deployments.data_flow import BEGIN, END, STAGES, TABLES, picture, with_picture

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_the_picture_of_today() -> None:
    text = README.read_text(encoding="utf-8")
    assert BEGIN in text
    assert END in text
    assert with_picture(text) == text


def test_every_stage_and_table_is_part_of_it() -> None:
    lines = picture().splitlines()
    arrows = [line for line in lines if "-->" in line]
    for name in (*STAGES, *TABLES):
        assert any(name in line.split() for line in arrows), name


def test_it_follows_the_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in STAGES:
        (tmp_path / stage).mkdir()
    (tmp_path / "ingest_events" / "a.sql").write_text(
        "insert into event by name select * from template join x using (id)"
    )
    (tmp_path / "ingest_events" / "b.sql").write_text("with event as (select 1) select * from event")
    (tmp_path / "deliver_events" / "c.sql").write_text("update event set a = 1 where id in (select id from event)")
    monkeypatch.setattr(data_flow, "SQL", tmp_path)
    lines = [line.strip() for line in picture().splitlines()]
    assert "template --> ingest_events" in lines
    assert "event <--> deliver_events" in lines
    assert "ingest_events --> event" in lines  # what a statement calls so itself is no table
