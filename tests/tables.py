"""Readable tables in tests: rows of text become typed frames, `-` is null."""

import polars as pl


def table(text: str) -> list[dict[str, str | None]]:
    """The rows of a table written with `|` between cells, its first line the names of the columns."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.strip().splitlines()]
    header, *rows = [line for line in lines if not all(set(cell) <= {"-"} and len(cell) > 1 for cell in line)]
    return [{name: None if cell == "-" else cell for name, cell in zip(header, row, strict=True)} for row in rows]


def text_frame(text: str) -> pl.DataFrame:
    """The same as a frame of text columns."""
    rows = table(text)
    return pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
