"""One hand-over per event, by what the receiving ends have, against what the stores say."""

from collections import Counter
from collections.abc import Iterator

from crashes.comparison import unsure_events
from crashes.life_inputs import ALPHA, BRAVO, CONNECTIONS
from crashes.remains import Remains


def wrong_hand_overs(remains: Remains, *, before: Remains | None, mails: Counter[str], kills: int) -> Iterator[str]:
    """What is wrong with hand-overs.

    Args:
        remains: The home after the run.
        before: The home before it; None where nothing had happened yet.
        mails: How often the mail server took each event meanwhile.
        kills: How often the run was killed.
    """
    outbox = Counter(row["event_id"] for row in remains.outbox)
    yield from (f"{event_id} is in {count} batches of the outbox" for event_id, count in outbox.items() if count > 1)
    if set(outbox) & _events(remains, ALPHA) != _with_outcome(remains, ALPHA, "taken"):
        yield "the outbox and its store do not tell of the same events"
    yield from (f"{event_id} was mailed {count} times" for event_id, count in mails.items() if count > 1)
    taken, unsure = _with_outcome(remains, BRAVO, "taken"), _with_outcome(remains, BRAVO, "unsure")
    if strange := set(mails) - taken - unsure:
        yield f"the mail server took what the store does not know of: {sorted(strange)}"
    earlier = _with_outcome(before, BRAVO, "taken") if before else set()
    if lost := taken - earlier - set(mails):
        yield f"the mail server never took what the store says it did: {sorted(lost)}"
    new = unsure - (unsure_events(before) if before else set())
    if len(new) > kills * CONNECTIONS:
        yield f"more hand-overs are unsure than {kills} crashes explain: {sorted(new)}"


def _with_outcome(remains: Remains, account: str, outcome: str) -> set[str]:
    rows = remains.tables.get(f"{account}.hand_over", [])
    return {row["event_id"] for row in rows if row["outcome"] == outcome}


def _events(remains: Remains, account: str) -> set[str]:
    """The events that were not purged."""
    return {row["event_id"] for row in remains.tables.get(f"{account}.event", [])}
