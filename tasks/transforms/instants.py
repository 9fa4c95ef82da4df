"""Reading instants as systems write them: ISO 8601, with or without an offset."""

import polars as pl

_ISO = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9})\d*)? ?(?:([Zz])|([+-]\d{2}):?(\d{2})?)?)?$"
)
FIRST_YEAR = 1900
LAST_YEAR = 9999
"""ISO 8601 has no later one in four digits, though an offset can lead past it; Python and many readers have none."""


def instant(text: pl.Expr) -> pl.Expr:
    """The instant that a text says, in UTC with microseconds; null where it says none.

    Read are ISO 8601 dates and date-times: `T` or a space between them, seconds and fraction optional,
    offset `Z`, `+hh`, `+hhmm`, `+hh:mm`. Without an offset it is UTC; a date alone is its first instant.
    Days that no calendar has, and years before 1900 or after 9999 in UTC, are null.
    """
    part = [text.str.strip_chars().str.extract(_ISO, group) for group in range(1, 8)]
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
    return pl.when(parsed.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(parsed)
