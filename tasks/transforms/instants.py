"""Reading instants as systems write them: ISO 8601, with or without an offset."""

import polars as pl

_ISO = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9})\d*)? ?(?:([Zz])|([+-]\d{2}):?(\d{2})?)?)?$"
)
_USUAL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
"""As most systems write them: these are read without being taken apart, which is what takes the time."""
FIRST_YEAR = 1900
LAST_YEAR = 9999
"""ISO 8601 has no later one in four digits, though an offset can lead past it; Python and many readers have none."""


def instant(text: pl.Expr) -> pl.Expr:
    """The instant that a text says, in UTC with microseconds; null where it says none.

    Read are ISO 8601 dates and date-times: `T` or a space between them, seconds and fraction optional,
    offset `Z`, `+hh`, `+hhmm`, `+hh:mm`. Without an offset it is UTC; a date alone is its first instant.
    Days that no calendar has, and years before 1900 or after 9999 in UTC, are null.
    """
    return text.map_batches(_instants, return_dtype=pl.Datetime("us", "UTC"), is_elementwise=True)


def _instants(texts: pl.Series) -> pl.Series:
    frame = texts.str.strip_chars().rename("text").to_frame()
    found = frame.select(_usual(pl.col("text"))).to_series()
    unusual = found.is_null() & frame["text"].is_not_null()
    if unusual.any():
        others = frame.filter(unusual).select(_any(pl.col("text"))).to_series()
        found = found.scatter(unusual.arg_true(), others)
    return found.rename(texts.name)


def _usual(text: pl.Expr) -> pl.Expr:
    written = pl.when(text.str.contains(_USUAL)).then(text.str.replace("Z", "+00:00", literal=True))
    return _within_years(
        written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    )


def _any(text: pl.Expr) -> pl.Expr:
    part = [text.str.extract(_ISO, group) for group in range(1, 8)]
    day, minute, second, fraction, _, hours, minutes = part
    written = pl.concat_str(
        day,
        pl.lit("T"),
        minute.fill_null("00:00"),
        second.fill_null(":00"),
        pl.lit("."),
        fraction.fill_null("0"),
        hours.fill_null("+00"),
        minutes.fill_null("00"),
    )
    parsed = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False)
    return _within_years(parsed)


def _within_years(instants: pl.Expr) -> pl.Expr:
    return pl.when(instants.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(instants)
