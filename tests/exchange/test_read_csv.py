"""CSV: a broken row costs itself, never its neighbours."""

import csv
import io
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tasks.exchange.reading.read_csv import csv_rows, header_separator
from tasks.exchange.reading.read_errors import UnreadableFileError

UNBALANCED = "a quote is unbalanced, or stands inside an unquoted value"


def outcomes(text: str | bytes) -> list[tuple[int, list[str | None] | str]]:
    """Line and values of each good row, line and problem of each bad one."""
    rows = csv_rows(text if isinstance(text, bytes) else text.encode(), "e.csv")
    return [
        (line, problem if document is None else list(json.loads(document).values()))
        for line, document, problem in rows.select("line", "document", "problem").rows()
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2\n", [(2, ["1", "2"])]),
        ('1,""\n,2\r\n', [(2, ["1", None]), (3, [None, "2"])]),
        ("1,2\n\n\r\n3,4", [(2, ["1", "2"]), (5, ["3", "4"])]),
        (' x ," y "\n', [(2, [" x ", " y "])]),
        ('"a,b","c ""d"""\n', [(2, ["a,b", 'c "d"'])]),
        ('"a\r\n\nb",2\n3,4', [(2, ["a\r\n\nb", "2"]), (5, ["3", "4"])]),
        ('1,"a\nb"\n"c\nd",2\n3,4', [(2, ["1", "a\nb"]), (4, ["c\nd", "2"]), (6, ["3", "4"])]),
        ("1,\x00\n", [(2, ["1", "\x00"])]),
        ("x\ry,2\n", [(2, ["x\ry", "2"])]),
        ("1\n1,2,3\n4,5", [(2, "1 values for 2 columns"), (3, "3 values for 2 columns"), (4, ["4", "5"])]),
        ('1,2\na"b,3\n4,5', [(2, ["1", "2"]), (3, UNBALANCED), (4, ["4", "5"])]),
        ('1,2\n"a"b,3\n4,5', [(2, ["1", "2"]), (3, UNBALANCED), (4, ["4", "5"])]),
        ('1,2\n"open,3\n4,5', [(2, ["1", "2"]), (3, UNBALANCED), (4, ["4", "5"])]),
        ('"open,1\n2,3\n4,"x\ny"\n5,6', [(2, UNBALANCED), (3, ["2", "3"]), (4, ["4", "x\ny"]), (6, ["5", "6"])]),
        ('"open,1\n2,3\n4,5"\n6,7', [(2, UNBALANCED), (3, ["2", "3"]), (4, UNBALANCED), (5, ["6", "7"])]),
        (b"1,\xff\n2,3", [(2, "the row is not valid UTF-8"), (3, ["2", "3"])]),
        (b'1,"\xff\nx"\n2,3', [(2, "the row is not valid UTF-8"), (4, ["2", "3"])]),
        (b'1,"x\n\xff\ny"\n2,3', [(2, "the row is not valid UTF-8"), (5, ["2", "3"])]),
    ],
)
def test_rows_under_a_header_of_two_columns(text: str | bytes, expected: object) -> None:
    content = text if isinstance(text, bytes) else text.encode()

    assert outcomes(b"a,b\n" + content) == expected


def test_documents_carry_the_names_of_the_header_and_raw_is_the_text_as_it_stood() -> None:
    rows = csv_rows(b'"type", my note ,ctx\r\norder,"a\r\nb","{""x"":1}"\r\n', "e.csv")

    assert rows["raw"].to_list() == ['order,"a\r\nb","{""x"":1}"']
    assert json.loads(rows["document"][0]) == {"type": "order", "my note": "a\r\nb", "ctx": '{"x":1}'}


def test_a_multi_line_row_of_the_wrong_width_costs_its_first_line_and_reading_resumes() -> None:
    assert outcomes('a,b\n"x\n1,2\ny",3,4\n5,6') == [
        (2, UNBALANCED),
        (3, ["1", "2"]),
        (4, UNBALANCED),
        (5, ["5", "6"]),
    ]


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "\n\na,b\r\n\r\n"])
def test_a_header_alone_has_no_rows(content: str) -> None:
    assert outcomes(content) == []


def test_lines_that_end_in_bare_carriage_returns_are_lines() -> None:
    assert outcomes("a,b\r1,2\r3,4\r") == [(2, ["1", "2"]), (3, ["3", "4"])]


@pytest.mark.parametrize(
    ("header", "separator"),
    [("a,b;c,d", ","), ("a;b;c", ";"), ("a\tb", "\t"), ("a|b", "|"), ("a", ","), ('"a,b";c', ";")],
)
def test_the_separator_is_what_the_header_has_most_of(header: str, separator: str) -> None:
    assert header_separator(header) == separator


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b,a\n", "names a more than once"),
        (b"a,,b\n", "column 2 has no name"),
        (b'a,"b\nc"\n', "unbalanced quotes"),
        (b"a,\xff\n", "not UTF-8"),
    ],
)
def test_a_header_that_cannot_name_each_column_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=rf"e\.csv: .*{message}"):
        csv_rows(content, "e.csv")


def test_a_header_without_any_known_column_is_refused_where_columns_are_given() -> None:
    assert csv_rows(b"type,x\n1,2", "e.csv", known_columns=["type", "email"]).height == 1
    with pytest.raises(UnreadableFileError, match=r"no column named type or email in its first row \(order, 17\)"):
        csv_rows(b"order,17\n", "e.csv", known_columns=["type", "email"])


TEXT = st.text(st.sampled_from("ab ,;\t|\"\n\r\\'{}é\u2028\x00"), max_size=8) | st.text(
    st.characters(codec="utf-8"), max_size=8
)


@settings(max_examples=150, deadline=None)
@given(
    table=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=8)),
    separator=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_the_standard_library_writes_reads_back_the_same(
    table: list[list[str]], separator: str, line_end: str
) -> None:
    width = len(table[0]) if table else 1
    assume(width > 1 or separator == ",")  # a header of one column shows no separator
    file = io.StringIO(newline="")
    # The standard library leaves a carriage return unquoted where it is no part of the line end.
    quoting = csv.QUOTE_MINIMAL if line_end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(file, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerow([f"c{number}" for number in range(width)])
    writer.writerows(table)

    assert [values for _, values in outcomes(file.getvalue())] == [[value or None for value in row] for row in table]


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.text(st.sampled_from('a,"'), max_size=6), max_size=8))
def test_every_line_that_is_not_blank_is_in_a_row_once(lines: list[str]) -> None:
    rows = csv_rows("\n".join(["x,y", *lines]).encode(), "e.csv")

    covered = [
        line + offset for line, raw in rows.select("line", "raw").rows() for offset in range(raw.count("\n") + 1)
    ]
    blank_between = {number for number, line in enumerate(lines, start=2) if not line}
    assert sorted(set(covered) | blank_between) == list(range(2, len(lines) + 2))
    assert len(covered) == len(set(covered))


@settings(max_examples=50, deadline=None)
@given(broken=st.sampled_from(['"', 'a"', '"a', '"a,b', 'a"b,c', '""",a', "a,b,c", "a"]), before=st.integers(0, 3))
def test_good_rows_around_a_broken_one_are_read(broken: str, before: int) -> None:
    good = [["1", "x\ny"], ["2", 'q"q'], ["3", "plain"]]
    written = ['1,"x\ny"', '2,"q""q"', "3,plain"]

    read = outcomes("\n".join(["n,v", *written[:before], broken, *written[before:]]))

    assert [values for _, values in read if isinstance(values, list)] == good
    assert len(read) == len(good) + 1
