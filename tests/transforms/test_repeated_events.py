"""Repeats against a reference that goes through the events one by one."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tasks.contracts.deliver_events import AlikeEvent
from tasks.transforms.repeated_events import repeated

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
WINDOW = timedelta(minutes=10)
rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60), st.booleans()), max_size=30)


def naive(events: list[tuple[int, int, datetime, bool]]) -> set[int]:
    out = [(likeness, at) for _, likeness, at, waits in events if not waits]
    held = set()
    for number, likeness, at, waits in sorted(events, key=lambda event: (event[2], event[0])):
        if not waits:
            continue
        if any(other == likeness and abs(at - then) < WINDOW for other, then in out):
            held.add(number)
        else:
            out.append((likeness, at))
    return held


@given(rows, st.randoms())
def test_a_message_goes_out_once_in_a_window(given_rows: list[tuple[int, int, bool]], order: object) -> None:
    events = [
        (number, likeness, START + timedelta(minutes=minute), waits)
        for number, (likeness, minute, waits) in enumerate(given_rows)
    ]
    expected = naive(events)
    order.shuffle(events)  # type: ignore[attr-defined]  # a random.Random
    frame = pl.DataFrame(events, schema=["event_id", "likeness", "created_at", "is_waiting"], orient="row")
    alike = AlikeEvent.validate(frame.cast(AlikeEvent.create_empty().schema))  # type: ignore[arg-type]  # a schema does
    held = repeated(alike, window=WINDOW)
    assert set(held["event_id"]) == expected
    assert held["reason"].unique().to_list() == (["repeated"] if expected else [])
