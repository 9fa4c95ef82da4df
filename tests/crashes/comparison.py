"""How two homes are compared: by all of their rows, but for what a crash may change.

A crash between the claim of a batch and its hand-over makes one batch more, and so other batch numbers; of the batches
of a round, those that had left are then settled first, and so have other change numbers. A crash while a mail is on its
way leaves that hand-over unsure, for good: neither "sent" nor "not sent" would be the truth. Nothing else may differ.
"""

import re
from collections import Counter
from collections.abc import Iterator, Set

from crashes.remains import BATCH, Remains, Row, Tables

from tasks.contracts.deliver_events import NOTHING_LEFT

QUEUED_AS = re.compile(r"queued as \w+")
FROM_THE_BATCH = ("log_key", "provider_message_id", "change_seq")
"""Columns of the log rows of a hand-over that are made from its batch id, or tell when its batch was settled."""
CHECKSUMS = ("source_checksum", "archived_checksum")
"""They cover batch ids too. That both sides agree is compared: column `equal`."""
OF_EVENTS = ("event", "hand_over", "delivery_log", "quarantine", "event_key")
COUNTED_OVER_EVENTS = (
    "delivery_batch", "log_message", "queue_sample", "watermark", "archive_state", "archive_proof", "service_level",
)  # fmt: skip


def differences(undisturbed: Remains, found: Remains) -> list[str]:
    """Every row, file and message that only one of two homes has; none where they are the same."""
    unsure = unsure_events(found) - unsure_events(undisturbed)
    return [
        *table_differences(undisturbed.tables, found.tables, unsure=unsure),
        *_lines("file", Counter(undisturbed.files), Counter(found.files)),
        *_lines("outbox", Counter(map(_text, undisturbed.outbox)), Counter(map(_text, found.outbox))),
        *(() if found.balanced else ["conservation: the counts of an account do not add up"]),
    ]


def table_differences(undisturbed: Tables, found: Tables, *, unsure: Set[str] = frozenset()) -> list[str]:
    """The same for tables alone; what hangs on `unsure` events is not looked at."""
    ours, theirs = _canonical(undisturbed, unsure), _canonical(found, unsure)
    return [line for table in sorted({*ours, *theirs}) for line in _lines(table, ours[table], theirs[table])]


def unsure_events(remains: Remains) -> frozenset[str]:
    """Events of which only the receiving server knows whether it got them."""
    tables = [rows for name, rows in remains.tables.items() if name.endswith(".hand_over")]
    return frozenset(row["event_id"] for rows in tables for row in rows if row["outcome"] == "unsure")


def _canonical(tables: Tables, unsure: Set[str]) -> "Counted":
    counted = Counted()
    for name, rows in tables.items():
        table = name.partition(".")[2]
        if unsure and table in COUNTED_OVER_EVENTS:
            continue
        kept = [row for row in rows if not _comes_of_a_crash(table, row, unsure)]
        counted[name] = Counter(_text(_comparable(table, row, unsure)) for row in kept)
    return counted


class Counted(dict[str, Counter[str]]):
    """Rows as text with how often they are there, by table; a table that is not there has none."""

    def __missing__(self, table: str) -> Counter[str]:
        return Counter()


def _comes_of_a_crash(table: str, row: Row, unsure: Set[str]) -> bool:
    if table == "delivery_batch":
        return (row["state"], row["reason"]) == ("returned", NOTHING_LEFT)
    if table == "local_id":
        return bool(row["name"] == "delivery_batch")
    return table in OF_EVENTS and row.get("event_id") in unsure


def _comparable(table: str, row: Row, unsure: Set[str]) -> Row:
    left_out: set[str] = {"change_seq"} if unsure else set()
    if table == "delivery_log" and BATCH.search(row["source_id"] or ""):
        left_out |= set(FROM_THE_BATCH)
    if table == "purged" and row["table_name"] == "delivery_log":
        left_out.add("checksum")
    if table == "archive_proof":
        left_out |= set(CHECKSUMS)
    return {name: value for name, value in row.items() if name not in left_out}


def _text(row: Row) -> str:
    text = ", ".join(f"{name}={value}" for name, value in sorted(row.items()))
    return QUEUED_AS.sub("queued as <id>", BATCH.sub(r"<batch of delivery \1>", text))


def _lines(what: str, ours: Counter[str], theirs: Counter[str]) -> Iterator[str]:
    yield from (f"{what}: lost {row}" for row in (ours - theirs).elements())
    yield from (f"{what}: only after a crash {row}" for row in (theirs - ours).elements())
