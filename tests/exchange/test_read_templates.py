"""Templates read from folders and tables, and everything that can be wrong with them."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.contracts.publish_templates import TemplateError, TemplateSource
from tasks.exchange.templates.check_template_texts import text_problems
from tasks.exchange.templates.read_templates import read_templates

FULL = {
    "template_id": "order-paid",
    "version": 3,
    "event_type": "order",
    "channel": "sms",
    "queue": "rt",
    "language": "fr-CA",
    "priority": -2,
    "condition": "ctx.amount > 100",
    "published_at": datetime(2026, 1, 31, 8, tzinfo=UTC),
    "unpublished_at": datetime(2026, 2, 28, 8, tzinfo=UTC),
    "paused": True,
    "subject": "Réglé, {{ ctx.name }}",
    "body_text": "Line 1\nLine 2",
    "body_html": "<p>é</p>",
    "sender": "Shop <shop@example.com>",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    return made


def problems(path: Path) -> list[str]:
    with pytest.raises(TemplateError) as caught:
        read_templates(path)
    return [str(problem) for problem in caught.value.problems]


def test_a_folder_holds_one_template_per_file_by_name(folder: Path) -> None:
    (folder / "welcome.toml").write_text('event_type = "signup"\nbody_text_file = "texts/welcome.txt"\nsubject = ""\n')
    (folder / "texts").mkdir()
    (folder / "texts" / "welcome.txt").write_text("Grüß dich\n")
    (folder / "a.toml").write_text(
        'template_id = "order"\nevent_type = "order"\nchannel = 41\npublished_at = 2026-01-31T09:00:00+01:00\n'
        'body_text = """\nYour order\n"""\npriority = 5\npaused = false\n'
    )
    (folder / ".draft.toml").write_text("not read")
    (folder / "README.md").write_text("not read")
    templates = TemplateSource.validate(read_templates(folder).sources)
    assert templates.select("template_id", "channel", "priority", "subject", "body_text", "paused").rows() == [
        ("order", "ios", 5, None, "Your order\n", False),
        ("welcome", "email", 0, None, "Grüß dich\n", None),
    ]
    assert templates["published_at"].to_list() == [datetime(2026, 1, 31, 8, tzinfo=UTC), None]


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
def test_a_table_has_the_columns_of_a_template(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"templates.{suffix}"
    frame = pl.DataFrame(
        [FULL, {"template_id": "small", "event_type": "x"}], schema=TemplateSource.create_empty().schema
    )
    plain = frame.with_columns(pl.col(pl.Datetime).dt.to_string("%Y-%m-%dT%H:%M:%S%:z"))
    if suffix == "parquet":
        frame.write_parquet(path)
    elif suffix == "csv":
        plain.write_csv(path)
    else:
        path.write_text("\n".join(json.dumps(row) for row in plain.iter_rows(named=True)) + "\n\n")
    templates = read_templates(path).sources
    assert templates.schema == frame.schema
    assert templates.rows(named=True)[0] == FULL
    assert templates.row(1, named=True) == dict.fromkeys(FULL) | {
        "template_id": "small",
        "event_type": "x",
        "channel": "email",
        "priority": 0,
    }


@pytest.mark.parametrize(
    ("written", "channel"), [("0", "email"), ("1", "sms"), ("41", "ios"), ("42", "android"), ("sms", "sms")]
)
def test_channels_go_by_name_and_by_message_centers_numbers(tmp_path: Path, written: str, channel: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"template_id,event_type,channel\na,b,{written}\n")
    assert read_templates(path).sources["channel"].to_list() == [channel]


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("", "t.toml: event_type: Field required"),
        ('event_type = ""', "t.toml: event_type: Field required"),
        ("event_type = 3", "event_type: Input should be a valid string"),
        ('event_type = "a"\nchannel = "fax"', "channel: Input should be 'email', 'sms', 'ios' or 'android'"),
        ('event_type = "a"\nchannel = 7', "channel: "),
        ('event_type = "a"\nchannel = true', "channel: "),
        ('event_type = "a"\nqueue = "fast"', "queue: Input should be 'batch' or 'rt'"),
        ('event_type = "a"\nprioritiy = 1', "prioritiy: is not known; the keys are template_id"),
        ('event_type = "a"\n[template]\nsubject = "x"', "template: is not known"),
        ('event_type = "a"\npriority = 1.5', "priority: must be a whole number"),
        ('event_type = "a"\npriority = true', "priority: must be a whole number"),
        ('event_type = "a"\npriority = "high"', "priority: Input should be a valid integer"),
        ('event_type = "a"\npriority = 99999999999', "priority: Input should be less than"),
        ('event_type = "a"\nversion = 0', "version: Input should be greater than or equal to 1"),
        ('event_type = "a"\npaused = "maybe"', "paused: must be true or false"),
        ('event_type = "a"\npaused = 1', "paused: must be true or false"),
        ('event_type = "a"\npublished_at = 2026-01-31T09:00:00', "published_at: Input should have timezone info"),
        ('event_type = "a"\npublished_at = 2026-01-31', "published_at: must be an instant with its offset"),
        ('event_type = "a"\npublished_at = "1700000000"', "published_at: must be an instant with its offset"),
        ('event_type = "a"\nsubject = "two\\nlines"', "subject: must be one line"),
        ('event_type = "a"\nsender = "a@b.c\\r\\nBcc: x@y.z"', "sender: must be one line"),
        ('event_type = "a', "t.toml: is no TOML"),
        ("a = " + "[" * 5_000, "t.toml: is no TOML"),
        ('event_type = "a"\nbody_text_file = "../secret"', "leads out of the folder"),
        ('event_type = "a"\nbody_text_file = "/etc/passwd"', "leads out of the folder"),
        ('event_type = "a"\nbody_text_file = "x/../../secret"', "leads out of the folder"),
        ('event_type = "a"\nbody_text_file = "link.txt"', "is a symbolic link"),
        ('event_type = "a"\nbody_html_file = "linked/secret"', "is a symbolic link"),
        ('event_type = "a"\nbody_text_file = "absent.txt"', "is no file in the folder"),
        ('event_type = "a"\nbody_text_file = "pipe"', "is no file in the folder"),
        ('event_type = "a"\nbody_text_file = "."', "is no file in the folder"),
        ('event_type = "a"\nbody_text_file = ""', "must be the name of a file"),
        ('event_type = "a"\nbody_text_file = ["x"]', "must be the name of a file"),
        ('event_type = "a"\nbody_text_file = "latin1.txt"', "is not UTF-8 text"),
        ('event_type = "a"\nbody_text_file = "huge.txt"', "is larger than 5,000,000 bytes"),
        ('event_type = "a"\nbody_text = "x"\nbody_text_file = "latin1.txt"', "body_text is given too"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(folder: Path, toml: str, complaint: str) -> None:
    (folder.parent / "secret").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret")
    (folder / "linked").symlink_to(folder.parent)
    (folder / "latin1.txt").write_bytes("é".encode("latin-1"))
    os.mkfifo(folder / "pipe")
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(5_000_001)
    (folder / "t.toml").write_text(toml)
    found = problems(folder)
    assert len(found) == 1
    assert found[0].startswith("t.toml: ")
    assert complaint in found[0]


def test_all_problems_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "a.toml").write_text('channel = "fax"\nfoo = 1')
    (folder / "b.toml").write_bytes(b"\xff\xfe")
    (folder / "c.toml").write_text('event_type = "fine"')
    (folder / "d.toml").write_text('event_type = "x"\nbody_text_file = "no"')
    (folder / "e.toml").mkdir()
    assert [problem.split(": ")[:2] for problem in problems(folder)] == [
        ["a.toml", "event_type"],
        ["a.toml", "channel"],
        ["a.toml", "foo"],
        ["b.toml", "is no TOML; 'utf-8' codec can't decode byte 0xff in position 0"],
        ["d.toml", "body_text_file"],
        ["e.toml", "is no TOML; [Errno 21] Is a directory"],
    ]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("t.csv", b"template_id,event_type\na,b\n,c\n", "t.csv row 3: template_id: Field required"),
        ("t.csv", b"template_id,event_type,event_type\na,b,c\n", "event_type_duplicated_0: is not known"),
        ("t.csv", b"template_id,event_type\na,b,c\n", "t.csv: cannot be read"),
        ("t.csv", b"", "t.csv: cannot be read"),
        ("t.ndjson", b'{"template_id": "a", "event_type": "b"}\n{"template', "t.ndjson: cannot be read; line 2"),
        ("t.ndjson", b"[1]\n", "t.ndjson line 1: template_id: Field required"),
        ("t.ndjson", b"\xff\n", "t.ndjson: cannot be read"),
        ("t.parquet", b"PAR1", "t.parquet: cannot be read"),
        ("t.xlsx", b"", "is no table of templates; give a folder of *.toml, or .csv, .jsonl, .ndjson, .parquet"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_row(
    tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert any(complaint in problem for problem in problems(tmp_path / name))


def test_a_path_without_templates_is_said_to_have_none(tmp_path: Path) -> None:
    assert "no such file or folder" in problems(tmp_path / "absent")[0]
    assert "holds no *.toml file" in problems(tmp_path)[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ ctx.name }} {% if ctx.a %}x{% endif %}", None),
        ("{{ ctx.name", "is no Jinja; line 1"),
        ("a\n{% if %}", "is no Jinja; line 2"),
        ("{{ ctx.name | frobnicate }}", "No filter named 'frobnicate'"),
        ("{% include 'other' %}", "takes in another template"),
        ("{{ " + "(" * 2_000 + " }}", "is nested too deeply"),
        ("{{ 1 / 0 }}", None),
    ],
)
def test_texts_are_compiled_for_the_sandbox_but_not_run(text: str, complaint: str | None) -> None:
    row = {
        "template_id": "t",
        "event_type": "a",
        "channel": "email",
        "priority": 0,
        "subject": "fine",
        "body_html": text,
    }
    found = text_problems(TemplateSource.validate(pl.DataFrame([row], schema=TemplateSource.create_empty().schema)))
    assert [problem.field for problem in found] == ([] if complaint is None else ["body_html"])
    assert complaint is None or complaint in found[0].what
