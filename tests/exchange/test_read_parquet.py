"""Parquet: columns of any type become JSON."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.exchange.reading.read_errors import UnreadableFileError
from tasks.exchange.reading.read_parquet import parquet_rows
from tasks.exchange.reading.read_parquet_values import text_bytes

NOON = datetime(2026, 11, 23, 12, 0, 0, 500_000)  # noqa: DTZ001 - an instant without a time zone is under test
NOON_TEXT = "2026-11-23T12:00:00.500+00:00"


def parquet(table: pl.DataFrame | pa.Table) -> bytes:
    file = BytesIO()
    if isinstance(table, pl.DataFrame):
        table.write_parquet(file)
    else:
        pq.write_table(table, file)
    return file.getvalue()


def values(column: pl.Series | pa.Array) -> list[object]:
    table = column.to_frame("x") if isinstance(column, pl.Series) else pa.table({"x": column})
    rows = parquet_rows(parquet(table), "e.parquet", max_bytes=10**8)
    assert rows["raw"].to_list() == rows["document"].to_list()
    assert rows["line"].to_list() == list(range(1, len(column) + 1))
    return [json.loads(document)["x"] for document in rows["document"]]


MAP = pa.map_(pa.string(), pa.int64())
PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series(['é\n"', None]), ['é\n"', None]),
        (pl.Series(['{"a":1}']), ['{"a":1}']),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), [2**64 - 1]),
        (pl.Series([-(2**63), 2**63 - 1]), [-(2**63), 2**63 - 1]),
        (pl.Series([0.1, float("nan"), float("inf"), 1e300]), [0.1, None, None, 1e300]),
        (pl.Series([True, None]), [True, None]),
        (pl.Series([None, None]), [None, None]),
        (pl.Series([Decimal("1.10")]), ["1.10"]),
        (pl.Series([NOON]), [NOON_TEXT]),
        (pl.Series([NOON], dtype=pl.Datetime("ns")), [NOON_TEXT]),
        (pl.Series([NOON.replace(tzinfo=UTC)]), [NOON_TEXT]),
        (pl.Series([NOON]).dt.replace_time_zone("Europe/Paris"), ["2026-11-23T11:00:00.500+00:00"]),
        (pa.array([NOON.replace(tzinfo=PARIS)], pa.timestamp("us", "+01:00")), ["2026-11-23T11:00:00.500+00:00"]),
        (pl.Series([date(2026, 1, 2)]), ["2026-01-02"]),
        (pl.Series([time(1, 2, 3)]), ["01:02:03"]),
        (pl.Series([timedelta(days=1, seconds=5)]), ["P1DT5S"]),
        (pl.Series([b"text", None]), ["text", None]),
        (pl.Series([b"\xff\x00", b"text"]), ["/wA=", "dGV4dA=="]),
        (pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
        (pl.Series(["a", None], dtype=pl.Enum(["a"])), ["a", None]),
        (pl.Series([[NOON, None], [], None]), [[NOON_TEXT, None], [], None]),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int64, 2)), [[1, 2]]),
        (pl.Series([{"a": {"b": [date(2026, 1, 2)]}, "c": 1.5}, None]), [{"a": {"b": ["2026-01-02"]}, "c": 1.5}, None]),
        (pa.array([[("a", 1), ("b", None)], [], None], MAP), [{"a": 1, "b": None}, {}, None]),
        (pa.array([[(1, NOON)]], pa.map_(pa.int64(), pa.timestamp("us"))), [[{"key": 1, "value": NOON_TEXT}]]),
        (pa.array(["a"]).dictionary_encode(), ["a"]),
    ],
    ids=lambda value: str(getattr(value, "dtype", getattr(value, "type", ""))),
)  # fmt: skip
def test_values_of_each_type(column: pl.Series | pa.Array, expected: list[object]) -> None:
    assert values(column) == expected


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_an_instant_that_no_calendar_has_stays_impossible(unit: str) -> None:
    far = pl.Series([-(2**63) + 1, 2**63 - 1, 0, None], dtype=pl.Int64)

    column = far.cast(pl.Datetime("ms" if unit == "ms" else "us"))

    impossible = "outside the years 1 to 9999"
    assert values(column) == [impossible, impossible, "1970-01-01T00:00:00+00:00", None]
    assert values(pl.Series([column])) == [[impossible, impossible, "1970-01-01T00:00:00+00:00", None]]
    assert values(pl.Series([-(2**31) + 1, 2**31 - 1], dtype=pl.Int32).cast(pl.Date)) == [impossible, impossible]


def test_the_last_instant_of_the_calendar_is_possible() -> None:
    assert values(pl.Series([datetime.max, datetime.min])) == [  # noqa: DTZ901 - wall clock without a zone
        "9999-12-31T23:59:59.999999+00:00",
        "0001-01-01T00:00:00+00:00",
    ]


def test_a_file_without_rows_has_none_and_one_without_columns_is_refused() -> None:
    assert parquet_rows(parquet(pl.DataFrame(schema={"a": pl.String})), "e.parquet", max_bytes=10**6).is_empty()
    with pytest.raises(UnreadableFileError, match="no columns"):
        parquet_rows(parquet(pa.table({})), "e.parquet", max_bytes=10**6)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1 garbage PAR1",
        parquet(pl.DataFrame({"a": [1]}))[:-1],
        parquet(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])),
    ],
)
def test_what_is_not_parquet_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"e\.parquet cannot be read as Parquet"):
        parquet_rows(content, "e.parquet", max_bytes=10**6)


LONG = "x" * 100_000
NAMED_OFTEN = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array([LONG]))


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": NAMED_OFTEN}),
        pa.table({"a": NAMED_OFTEN.dictionary.take(pa.array([0] * 1_000))}),
        pa.table({"a": pa.array([[LONG] * 20] * 50)}),
        pa.table({"a": pa.array([{"b": [(LONG, LONG)]}] * 500, pa.struct({"b": pa.map_(pa.string(), pa.string())}))}),
        pa.table({"a": pl.repeat(1, 6_000_000, eager=True).to_arrow()}),
    ],
)
def test_a_small_file_that_would_fill_the_memory_is_refused(table: pa.Table) -> None:
    content = parquet(table)

    assert len(content) < 200_000
    with pytest.raises(UnreadableFileError, match="holds more than 10,000,000 bytes"):
        parquet_rows(content, "e.parquet", max_bytes=10**7)


@pytest.mark.parametrize(
    ("column", "size"),
    [
        (pl.Series(["é", None, "ab"]), 4),
        (pl.Series([b"\xff", None, b"ab"]), 3),
        (pl.Series(["é", None, "é"], dtype=pl.Categorical), 4),
        (pl.Series(["é", None, "é"], dtype=pl.Enum(["é"])), 4),
        (pl.Series([["a", None], [], None, ["bc"]]), 3),
        (pl.Series([["a", "b"]], dtype=pl.Array(pl.String, 2)), 2),
        (pl.Series([{"a": ["b"], "c": {"d": "ef"}}, None]), 3),
        (pl.Series([[{"key": "ab", "value": "c"}]]).cast(pl.Map(pl.String, pl.String)), 3),
        (pl.Series([1, None]), 0),
        (pl.Series([], dtype=pl.String), 0),
    ],
)
def test_all_text_is_measured_before_it_is_written_out(column: pl.Series, size: int) -> None:
    assert text_bytes(column) == size


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_rows_or_unreadable(capfd: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    content = bytearray(parquet(pl.DataFrame({"a": ["x", None], "b": [[1], []], "c": [NOON, NOON]})))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert parquet_rows(bytes(content), "e.parquet", max_bytes=10**6).width == 4
    except UnreadableFileError as error:
        assert str(error).startswith("e.parquet")  # noqa: PT017 - either way out is fine, neither is required
    capfd.readouterr()


def test_the_reader_takes_files_of_the_inbox(tmp_path: Path) -> None:
    path = tmp_path / "e.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)

    assert parquet_rows(path.read_bytes(), path.name, max_bytes=10**6)["document"].to_list() == ['{"a":1}']
