"""How an event stands, for the caller that sent it: without its address and its data."""

from typing import Any, Final

from tasks.contracts.intake import EventStatusAnswer, HistoryEntry
from tasks.contracts.vocabulary import CELL_SIZE, STATUS_LABELS
from tasks.intake import AccountIntake
from tasks.store.connection import StoreFile
from tasks.store.event_story import event_story

WAIT_SECONDS: Final = 2.0
"""A question must not hold up a caller for long."""


def event_status(way_in: AccountIntake, event_id: int) -> EventStatusAnswer | None:
    """How an event of the account stands; None where it has none of that id.

    Raises:
        StoreBusyError: Somebody did not leave a store in time.
        StoreUnreadableError, StoreVersionError: A store is damaged, or of another version.
    """
    run = way_in.run
    if event_id // CELL_SIZE != run.account.cell_id:
        return None
    if waits := way_in.spooled(event_id):
        queue, since = waits
        return EventStatusAnswer(
            event_id=str(event_id),
            account=run.account.name,
            queue=queue,
            status="pending",
            label=STATUS_LABELS["pending"],
            history=[HistoryEntry(at=since, what="received")],
        )
    store = StoreFile(run.store.path, "account", WAIT_SECONDS)
    story = event_story(store, StoreFile(run.settings.control_store, "control", WAIT_SECONDS), event_id)
    events = story["event"] or story["archived_event"]
    return _answer(event_id, run.account.name, events[0], story) if events else None


def _answer(
    asked: int, account: str, event: dict[str, Any], story: dict[str, list[dict[str, Any]]]
) -> EventStatusAnswer:
    own = str(event["event_id"])
    names = ("queue", "status", "reason", "event_type", "channel", "template_id", "template_version")
    return EventStatusAnswer(
        event_id=own,
        duplicate_of=own if own != str(asked) else None,
        account=account,
        label=STATUS_LABELS[event["status"]],
        history=_history(event, story["delivery_log"] or story["archived_delivery_log"]),
        **{name: event[name] for name in names},
    )


def _history(event: dict[str, Any], logs: list[dict[str, Any]]) -> list[HistoryEntry]:
    told = [("received_at", "received", None), ("processing_at", "processed", event["template_id"])]
    entries = [HistoryEntry(at=event[at], what=what, detail=detail) for at, what, detail in told if event[at]]
    entries += [HistoryEntry(at=log["logged_at"], what=log["kind"], detail=log["reason"]) for log in logs]
    if event["processed_at"]:
        entries.append(HistoryEntry(at=event["processed_at"], what=event["status"], detail=event["reason"]))
    return sorted(entries, key=lambda entry: entry.at)
