"""NDJSON: each line stands for itself."""

from tasks.exchange.reading.read_lines import ndjson_rows


def test_lines_keep_their_number_and_blank_ones_are_left_out() -> None:
    rows = ndjson_rows(b'{"a":1}\r\n\r\n   \n{"b":2}\n')

    assert rows.select("line", "raw", "document").rows() == [(1, '{"a":1}', '{"a":1}'), (4, '{"b":2}', '{"b":2}')]


def test_invalid_utf8_costs_its_own_line_only() -> None:
    rows = ndjson_rows('{"a":"é"}\n'.encode() + b'{"b":"\xff"}\n{"c":3}')

    assert rows.rows() == [
        (1, '{"a":"é"}', '{"a":"é"}', None),
        (2, '{"b":"\\xff"}', None, "the line is not valid UTF-8"),
        (3, '{"c":3}', '{"c":3}', None),
    ]


def test_what_is_no_json_and_what_holds_nul_is_left_to_the_reader_of_documents() -> None:
    rows = ndjson_rows(b'not json\n{"a":"\x00"}\n' + b"[" * 50_000)

    assert rows["document"].to_list() == ["not json", '{"a":"\0"}', "[" * 50_000]


def test_a_line_separator_within_text_does_not_end_the_line() -> None:
    assert ndjson_rows('{"a":"x\u2028y\x0b\x85z"}'.encode()).height == 1
