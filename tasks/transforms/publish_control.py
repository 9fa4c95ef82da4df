"""Which files the next edition of the published control data keeps, and which it writes.

Parts cover the change sequence of an account's table without gaps. New rows become a new last part; it is merged with
the part before it while that is not more than twice its size, so there are few parts, and each row is written about
as often as the logarithm of their number. Superseded rows are hidden, until a part has so many that it is written anew.
"""

from dataclasses import dataclass, replace

import dataframely as dy
import polars as pl

from tasks.contracts.publish_control import (
    HIDDEN_SHARE,
    LARGEST_PART_ROWS,
    Edition,
    HiddenRow,
    Interval,
    Part,
    PublishedTable,
    SupersededRow,
    TablePublication,
    TableState,
)


@dataclass(frozen=True)
class _Piece:
    """A part to be: one that stays, or an interval to write."""

    after: int
    upto: int
    rows: int
    kept: Part | None


def plan_edition(
    last: Edition,
    states: dy.DataFrame[TableState],
    superseded: dy.DataFrame[SupersededRow],
    /,
    *,
    largest: int = LARGEST_PART_ROWS,
) -> tuple[TablePublication, ...]:
    """What to do about each table of each account that has rows in the control store.

    Args:
        last: The edition to go on from.
        states: The tables in the control store.
        superseded: Rows changed or deleted since that edition.
        largest: As many rows in a merged part at most.
    """
    known = {(table.account, table.table): table for table in last.tables}
    gone = superseded.partition_by("table_name", "account", as_dict=True, include_key=False)
    nothing = superseded.select("change_seq").clear()
    return tuple(
        plan_table(
            known.get((account, table)),
            PublishedTable(account=account, table=table, upto=change_seq, columns=tuple(columns)),
            gone.get((table, account), nothing).select("change_seq"),
            rows=rows,
            largest=largest,
        )
        for account, table, change_seq, columns, rows in states.select(TableState.column_names()).rows()
    )


def plan_table(
    last: PublishedTable | None,
    now: PublishedTable,
    superseded: pl.DataFrame,
    /,
    *,
    rows: int,
    largest: int = LARGEST_PART_ROWS,
) -> TablePublication:
    """What to do about one table of an account.

    Args:
        last: The table as it is published; None where it is not.
        now: The table as it is in the control store.
        superseded: `change_seq` of rows changed or deleted since.
        rows: As many rows the control store has of it.
        largest: As many rows in a merged part at most.

    The whole table is written anew where its columns changed, where the store is behind what is published (it was
    restored), or where the rows do not add up.
    """
    whole = anew(TablePublication(now.account, now.table, now.upto, now.columns, rows))
    if last is None or set(last.columns) != set(now.columns) or last.upto > now.upto:
        return whole
    hiding, parts = _hide(last.parts, superseded)
    fresh = rows - sum(part.shown for part in parts)
    if fresh < 0 or (fresh and last.upto == now.upto):
        return whole
    pieces = _merged([*map(_piece, parts), *_new_piece(last.upto, now.upto, fresh)], largest)
    kept = tuple(piece.kept for piece in pieces if piece.kept)
    written = tuple(Interval(piece.after, piece.upto) for piece in pieces if not piece.kept and piece.rows)
    still = hiding.filter(pl.col("file").is_in([part.file for part in kept])).select("change_seq")
    return replace(
        whole,
        kept=kept,
        written=written,
        hidden=last.hidden if any(part.hidden for part in kept) else (),
        superseded=HiddenRow.validate(still.select(pl.lit(now.account).alias("account"), "change_seq")),
    )


def hidden_in(parts: tuple[Part, ...], rows: dy.DataFrame[HiddenRow], /) -> dy.DataFrame[HiddenRow]:
    """Those of the superseded rows that are in the parts."""
    hiding, _ = _hide(parts, rows)
    return HiddenRow.validate(hiding.select(HiddenRow.column_names()))


def anew(plan: TablePublication, /) -> TablePublication:
    """The same table, written as a whole."""
    written = (Interval(0, plan.upto),) if plan.rows else ()
    return TablePublication(plan.account, plan.table, plan.upto, plan.columns, plan.rows, written=written)


def _hide(parts: tuple[Part, ...], superseded: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Part, ...]]:
    """The superseded rows with the `file` that has them, and the parts with their counts of hidden rows."""
    spans = pl.DataFrame(
        [(part.file, part.after, part.upto) for part in parts],
        schema={"file": pl.String, "after": pl.Int64, "upto": pl.Int64},
        orient="row",
    ).sort("upto")
    found = superseded.sort("change_seq").join_asof(spans, left_on="change_seq", right_on="upto", strategy="forward")
    hiding = found.filter(pl.col("change_seq") > pl.col("after")).select(*superseded.columns, "file")
    counts = dict(hiding.group_by("file").len().rows())
    return hiding, tuple(part.model_copy(update={"hidden": part.hidden + counts.get(part.file, 0)}) for part in parts)


def _piece(part: Part) -> _Piece:
    stays = part.hidden <= HIDDEN_SHARE * part.rows
    return _Piece(part.after, part.upto, part.shown, part if stays else None)


def _new_piece(after: int, upto: int, rows: int) -> list[_Piece]:
    return [_Piece(after, upto, rows, None)] if upto > after else []


def _merged(pieces: list[_Piece], largest: int) -> list[_Piece]:
    merged: list[_Piece] = []
    for piece in pieces:
        merged.append(piece)
        while len(merged) > 1 and _belong_together(merged[-2], merged[-1], largest):
            last, before = merged.pop(), merged.pop()
            merged.append(_Piece(before.after, last.upto, before.rows + last.rows, None))
    return merged


def _belong_together(before: _Piece, last: _Piece, largest: int) -> bool:
    return before.rows + last.rows <= largest and before.rows <= 2 * last.rows
