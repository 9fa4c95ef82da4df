"""Which files an edition keeps and writes: whatever happens to the rows, it shows what the control store has."""

from dataclasses import dataclass, field

import dataframely as dy
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.contracts.publish_control import HiddenRow, Interval, Part, PublishedTable
from tasks.transforms.publish_control import anew, hidden_in, plan_table

LARGEST = 60


@dataclass
class Table:
    """A table of one account, its published files, and how many rows were written into them."""

    rows: dict[int, int] = field(default_factory=dict)
    """`change_seq` of each key."""
    last_seq: int = 0
    superseded: list[int] = field(default_factory=list)
    files: dict[str, list[int]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    published: PublishedTable | None = None
    written: int = 0

    def change(self, keys: list[int]) -> None:
        for key in keys:
            self._leave(key)
            self.last_seq += 1
            self.rows[key] = self.last_seq

    def delete(self, keys: list[int]) -> None:
        for key in keys:
            self._leave(key)

    def _leave(self, key: int) -> None:
        if key in self.rows:
            self.superseded.append(self.rows.pop(key))

    def publish(self) -> None:
        now = PublishedTable(account="a", table="event", upto=self.last_seq, columns=("event_id",))
        gone = pl.DataFrame({"change_seq": self.superseded}, schema={"change_seq": pl.Int64})
        plan = plan_table(self.published, now, gone, rows=len(self.rows), largest=LARGEST)
        parts = [*plan.kept, *(self._write(interval) for interval in plan.written)]
        self.hidden |= set(plan.superseded["change_seq"])
        self.superseded = []
        self.published = now.model_copy(update={"parts": tuple(sorted(parts, key=lambda part: part.upto))})

    def _write(self, interval: Interval) -> Part:
        file = f"{interval.after}-{interval.upto}-{len(self.files)}"
        self.files[file] = [seq for seq in self.rows.values() if interval.after < seq <= interval.upto]
        self.written += len(self.files[file])
        return Part(file=file, after=interval.after, upto=interval.upto, rows=len(self.files[file]))

    def shown(self) -> list[int]:
        assert self.published
        return sorted(seq for part in self.published.parts for seq in self.files[part.file] if seq not in self.hidden)


steps = st.lists(
    st.tuples(st.sampled_from(["change", "delete", "publish"]), st.lists(st.integers(0, 200), max_size=40)), max_size=30
)


@given(steps=steps)
@settings(max_examples=200, deadline=None)
def test_readers_see_each_row_of_the_control_store_once_as_it_is(steps: list[tuple[str, list[int]]]) -> None:
    table = Table()
    for step, keys in [*steps, ("publish", [])]:
        if step == "publish":
            table.publish()
            assert table.shown() == sorted(table.rows.values())
            assert table.published
            assert sum(part.shown for part in table.published.parts) == len(table.rows)
        else:
            getattr(table, step)(keys)


def test_new_rows_cost_what_they_are_and_now_and_then_a_merge() -> None:
    table = Table()
    for number in range(400):
        table.change([number])
        table.publish()
    assert table.published
    assert len(table.published.parts) <= 400 / LARGEST * 2 + 6
    assert table.written < 400 * 8


def test_a_changed_old_row_is_hidden_and_its_large_part_stays() -> None:
    table = Table()
    table.change(list(range(50)))
    table.publish()
    table.change([7])
    table.publish()
    assert table.written == 51
    assert table.published
    assert [part.shown for part in table.published.parts] == [49, 1]


def test_a_part_that_is_mostly_superseded_is_written_anew() -> None:
    table = Table()
    table.change(list(range(50)))
    table.publish()
    table.delete(list(range(20)))
    table.publish()
    assert table.published
    assert [(part.rows, part.hidden) for part in table.published.parts] == [(30, 0)]


def published(upto: int = 9, *, columns: tuple[str, ...] = ("event_id",)) -> PublishedTable:
    part = Part(file="one", after=0, upto=upto, rows=5)
    return PublishedTable(account="a", table="event", upto=upto, columns=columns, parts=(part,))


def now(upto: int = 9, *, columns: tuple[str, ...] = ("event_id",)) -> PublishedTable:
    return PublishedTable(account="a", table="event", upto=upto, columns=columns)


NOTHING = pl.DataFrame(schema={"change_seq": pl.Int64})


def test_a_table_is_written_as_a_whole_where_what_is_published_cannot_be_relied_on() -> None:
    same = plan_table(published(), now(), NOTHING, rows=5)
    assert [part.file for part in same.kept] == ["one"]
    assert same.written == ()
    whole = (Interval(0, 9),)
    other_columns = plan_table(published(columns=("event_id", "email")), now(), NOTHING, rows=5)
    assert (other_columns.kept, other_columns.written) == ((), whole)
    restored = plan_table(published(12), now(), NOTHING, rows=5)
    assert (restored.kept, restored.written) == ((), whole)
    too_few, too_many = (plan_table(published(), now(), NOTHING, rows=rows) for rows in (4, 6))
    assert [(plan.kept, plan.written) for plan in (too_few, too_many)] == [((), whole)] * 2
    assert anew(same).written == whole


def test_superseded_rows_of_files_that_are_gone_need_not_be_hidden() -> None:
    rows: dy.DataFrame[HiddenRow] = HiddenRow.validate(pl.DataFrame({"account": ["a"] * 3, "change_seq": [3, 9, 12]}))
    assert hidden_in(published().parts, rows)["change_seq"].to_list() == [3, 9]
