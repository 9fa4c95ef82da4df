"""Where the records of a CSV file begin and end, so that a broken one costs no other."""

from itertools import pairwise

import polars as pl

from tasks.exchange.reading.read_lines import NOT_UTF8

_QUOTED = r'"[^"]*"'  # a doubled quote reads as two quoted parts side by side


def csv_records(lines: pl.DataFrame, separator: str, columns: int) -> pl.DataFrame:
    """Groups physical lines into records of `columns` fields.

    A line with an odd number of quotes opens a field that the next such line closes. Where the lines between
    them do not make one well-formed record, only the first is broken, and reading resumes right behind it.

    Args:
        lines: `line`, `text`, `is_utf8`, as `physical_lines` gives them.
        separator: One character.
        columns: Fields per record.

    Returns:
        `line` (of the record's first line), `raw` and `problem`; blank lines between records are left out.
    """
    spans = _closed_spans(lines, separator, columns)
    single = pl.int_range(lines.height, eager=True).to_frame("first")
    several_lines = pl.DataFrame(spans, schema={"first": pl.Int64, "last": pl.Int64}, orient="row")
    covered = several_lines.select(first=pl.int_ranges("first", pl.col("last") + 1)).explode(
        "first", empty_as_null=False
    )
    single = single.join(covered, on="first", how="anti").select("first", last="first")
    records = _joined(lines, pl.concat([single, several_lines]).sort("first")).filter(pl.col("raw") != "")
    return records.select("line", "raw", problem=_problem(separator, columns))


def is_well_formed(separator: str) -> pl.Expr:
    """Whether every field of `raw` is either quoted as a whole or free of quotes."""
    field = f'(?:(?:{_QUOTED})+|[^"\\n{_in_class(separator)}]*)'
    return pl.col("raw").str.contains(f"^{field}(?:{_in_class(separator)}{field})*$")


def column_count(separator: str) -> pl.Expr:
    """How many fields a well-formed `raw` has."""
    return pl.col("raw").str.replace_all(_QUOTED, "").str.count_matches(separator, literal=True) + 1


def _closed_spans(lines: pl.DataFrame, separator: str, columns: int) -> list[tuple[int, int]]:
    """First and last line of each record of several lines."""
    odd = lines.select((pl.col("text").str.count_matches('"', literal=True) % 2 == 1).arg_true()).to_series()
    candidates = list(pairwise(odd.to_list()))
    if not candidates:
        return []
    frame = pl.DataFrame(candidates, schema={"first": pl.Int64, "last": pl.Int64}, orient="row")
    fits = _joined(lines, frame).select(is_well_formed(separator) & (column_count(separator) == columns))
    spans: list[tuple[int, int]] = []
    for (first, last), closes in zip(candidates, fits.to_series().to_list(), strict=True):
        if closes and (not spans or spans[-1][1] < first):
            spans.append((first, last))
    return spans


def _joined(lines: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """`line`, `raw` and `is_utf8` of each span of lines, in the order given."""
    several = pl.col("last") > pl.col("first")
    wide = spans.filter(several).select("first", "last").rows()
    texts = lines["text"].to_list() if wide else []
    whole = ["\n".join(texts[first : last + 1]) for first, last in wide]
    begun = lines[spans["first"]]
    raw = begun["text"].scatter(spans.select(several.arg_true()).to_series(), whole)
    broken_before = lines.select((~pl.col("is_utf8")).cast(pl.Int64).cum_sum()).to_series()
    broken = broken_before.gather(spans["last"]) - broken_before.gather(spans["first"]) + ~begun["is_utf8"]
    return begun.select("line", raw=raw.str.strip_chars_end("\r"), is_utf8=broken == 0)


def _problem(separator: str, columns: int) -> pl.Expr:
    count = column_count(separator)
    return (
        pl.when(~pl.col("is_utf8"))
        .then(pl.lit(f"the row is {NOT_UTF8}"))
        .when(~is_well_formed(separator))
        .then(pl.lit("a quote is unbalanced, or stands inside an unquoted value"))
        .when(count != columns)
        .then(pl.format("{} values for {} columns", count, pl.lit(columns)))
    )


def _in_class(separator: str) -> str:
    return {"|": r"\|", "\t": r"\t"}.get(separator, separator)
