"""Instants as systems write them: the quick way of reading the usual ones says what the thorough way says."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.transforms.instants import _any, instant

DIGITS = st.text("0123456789", min_size=1, max_size=10)
NEAR = st.builds(
    "{}-{}-{}{}{}:{}:{}{}{}".format,
    st.sampled_from(["2026", "1899", "1900", "9999", "0000", "10000", "٢٠٢٦"]),
    st.sampled_from(["01", "12", "13", "1"]),
    st.sampled_from(["01", "29", "31", "32", " 3"]),
    st.sampled_from(["T", " ", "t", ""]),
    st.sampled_from(["00", "23", "24", "-1"]),
    st.sampled_from(["00", "59", "60"]),
    st.sampled_from(["00", "59", "60", "61", ""]),
    st.just("") | DIGITS.map(".{}".format) | DIGITS.map(",{}".format),
    st.sampled_from(["Z", "z", "", "+00:00", "+0130", "-23:59", "+24:00", "-05", "ZZ", " Z", "+99:99"]),
)


@given(st.lists(st.none() | NEAR | NEAR.map(" {}\t".format) | st.text(max_size=30), min_size=1, max_size=30))
@example(["2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z"])
@example(["9999-12-31T23:59:59-01:00", "1900-01-01T00:00:00+01:00"])
def test_the_quick_way_reads_as_the_thorough_one(texts: list[str | None]) -> None:
    given_texts = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    quick = given_texts.select(instant(pl.col("text"))).to_series()
    thorough = given_texts.select(_any(pl.col("text").str.strip_chars())).to_series()
    assert quick.equals(thorough, null_equal=True)
    assert quick.dtype == pl.Datetime("us", "UTC")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T08:04:57.123456789Z", datetime(2026, 11, 23, 8, 4, 57, 123456, UTC)),
        ("2026-11-23 08:04+01", datetime(2026, 11, 23, 7, 4, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("23.11.2026", None),
    ],
)
def test_what_is_written_is_read(text: str, expected: datetime | None) -> None:
    frame = pl.DataFrame({"a": [text, None], "b": ["x", "y"]})
    read = frame.with_columns(instant(pl.col("a")).alias("c"))
    assert read["c"].to_list() == [expected, None]
    assert read["a"].to_list() == [text, None]


def test_nothing_and_no_rows_are_read_too() -> None:
    assert pl.DataFrame({"a": pl.Series([], dtype=pl.String)}).select(instant(pl.col("a"))).is_empty()
    assert (
        pl.DataFrame({"a": pl.Series([None], dtype=pl.String)}).lazy().select(instant(pl.col("a"))).collect()["a"][0]
        is None
    )
