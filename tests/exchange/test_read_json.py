"""JSON arrays and objects: each row keeps its own text, so that no number loses a digit."""

from pathlib import Path

import pytest

from tasks.exchange.reading.read_rows import FileRows, UnreadableFileError, read_rows


def read(tmp_path: Path, content: str, name: str = "e.json") -> FileRows:
    (tmp_path / name).write_text(content, encoding="utf-8")
    return read_rows(tmp_path / name, max_bytes=10**7)


def documents(rows: FileRows) -> list[tuple[int, str]]:
    return rows.rows.select("line", "document").rows()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"a":1},\n {"b": 2}]\n', ['{"a":1}', '{"b": 2}']),
        ('[{"id": 18446744073709551616, "f": 1.10}]', ['{"id": 18446744073709551616, "f": 1.10}']),
        ('[{"a":1,"a":2}, 3, null, "x"]', ['{"a":1,"a":2}', "3", "null", '"x"']),
        ('[{"a":1}]\n[]\n[{"b":2}]', ['{"a":1}', '{"b":2}']),
        ('[{"a":"raw\ttab"}, {"n":NaN}]', ['{"a":"raw\ttab"}', '{"n":NaN}']),
        ("[]", []),
        ('{\n "a": [\n1]\n}\n', ['{\n "a": [\n1]\n}']),
        ('[{"big": ' + "9" * 5_000 + "}]", ['{"big": ' + "9" * 5_000 + "}"]),
    ],
)
def test_elements_are_rows(tmp_path: Path, content: str, expected: list[str]) -> None:
    rows = read(tmp_path, content)

    assert rows.format == "json"
    assert documents(rows) == list(enumerate(expected, start=1))


@pytest.mark.parametrize("content", ['{"a":1}\n{"b":\n{"c":3}', '{"a":\n{"b":2}', '{"a":'])
def test_lines_stay_lines_even_where_the_first_is_broken(tmp_path: Path, content: str) -> None:
    rows = read(tmp_path, content)

    assert rows.format == "ndjson"
    assert documents(rows) == list(enumerate(content.split("\n"), start=1))


def test_a_line_that_begins_like_an_array_costs_only_itself(tmp_path: Path) -> None:
    rows = read(tmp_path, '[broken\n{"a":1}', "e.ndjson")

    assert documents(rows) == [(1, "[broken"), (2, '{"a":1}')]


@pytest.mark.parametrize(
    "content",
    [
        '[{"a":1}',
        '[{"a":1} {"b":2}]',
        '[{"a":1},]',
        '[{"a":1}] x',
        "[" * 200_000,
        '[{"a":' * 50_000,
        '{\n "a":\n}\n',
    ],
)
def test_json_broken_as_a_whole_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"e\.json is .*(mend it|mend the array)"):
        read(tmp_path, content)


def test_a_broken_array_is_told_by_where_it_breaks(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"',' or ']' expected at character 11, after 1 whole elements"):
        read(tmp_path, '[{"a": 1} {"b": 2}]')
    with pytest.raises(UnreadableFileError, match="the value that begins at character 2 never ends"):
        read(tmp_path, "[" * 200_000)


def test_an_object_too_deep_to_read_is_left_to_the_reader_of_documents(tmp_path: Path) -> None:
    assert read(tmp_path, '{"a":' * 50_000 + "1" + "}" * 50_000).rows.height == 1
