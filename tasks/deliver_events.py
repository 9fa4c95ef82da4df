"""Hands messages over: each event's message rendered, claimed, sent once, and what the sender said kept."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import dataframely as dy

from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.contracts.deliver_events import (
    NOTHING_LEFT,
    BatchState,
    ClaimedEvent,
    Deliverable,
    HandOver,
    Message,
    RenderedMessage,
)
from tasks.contracts.vocabulary import Queue
from tasks.exchange.sending import render_messages as rendering
from tasks.exchange.sending.account_sender import SENDERS, sender_of
from tasks.exchange.sending.senders import Sender, SenderUnavailableError
from tasks.progress import progressing
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store import deliver_events as store_of
from tasks.store.connection import StoreFile
from tasks.store.lock import lock
from tasks.transforms import deliver_events as transform

COUNTS = ("messages", "taken", "deferred", "refused", "unsure", "not_rendered", "expired", "recovered_batches")


async def deliver_events(
    settings: Settings, account: Account, *, now: datetime, queue: Queue | None = None
) -> dict[str, int]:
    """Hands over all that is deliverable at `now`, batch by batch.

    Returns:
        How many `messages` were handed to the sender and what it made of them (`taken`, `deferred`, `refused`,
        `unsure`), including those of a crashed run's batches that the sender's record tells of; how many events
        could not be rendered, or expired on the way; how many batches of crashed runs were settled.

    Raises:
        StoreBusyError: Another run delivers for this account, or holds its store.
    """
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    outbox = settings.outbox(account.name)
    async with delivering(store):
        counts = recover_batches(store, account, outbox, now=now)
        counts["expired"] += expire_events(store, now=now, queue=queue)
        sender = sender_of(account, outbox, now=now)
        batches = select_batches(store, now=now, queue=queue, batch_messages=settings.batch_messages)
        for batch in progressing(batches, "batches"):
            counts += await hand_over_batch(store, account, batch, sender=sender, now=now)
    return {name: counts[name] for name in COUNTS}


@asynccontextmanager
async def delivering(store: StoreFile) -> AsyncIterator[None]:
    """Keeps other runs from delivering for the account: a claimed batch is then the remains of a crash."""
    alone = lock(
        store.path.with_suffix(".deliver.lock"),
        exclusive=True,
        wait_seconds=store.wait_seconds,
        purpose="delivering events",
    )
    await asyncio.to_thread(alone.__enter__)
    try:
        yield
    finally:
        alone.__exit__(None, None, None)


@stage(once=True)  # Many transactions: tried again, it would count none of those before the fault.
def recover_batches(store: StoreFile, account: Account, outbox: Path, *, now: datetime) -> Counter[str]:
    """Settles what a crashed run left claimed, from the record of the sender it was claimed for; clears the records."""
    counts: Counter[str] = Counter()
    for batch_id, sender_name in store_of.claimed_batches(store).iter_rows():
        sender = sender_of(account, outbox, now=now, name=sender_name)
        claimed = store_of.claimed_events(store, batch_id)
        record = sender.record(batch_id, claimed["event_id"].to_list())
        handed_over = HandOver.create_empty() if record is None else record
        state: BatchState = "confirmed" if handed_over.height else "returned"
        reason = NOTHING_LEFT if state == "returned" else None
        counts += _settled(
            store, account, batch_id, claimed, handed_over, sender=sender, state=state, reason=reason, now=now
        )
        counts["recovered_batches"] += 1
    for sender_name in SENDERS:
        sender = sender_of(account, outbox, now=now, name=sender_name)
        for batch_id in store_of.settled_batches(store, sender.records()):
            sender.forget(batch_id)
    return counts


@stage
def expire_events(store: StoreFile, *, now: datetime, queue: Queue | None) -> int:
    """Expires what was not handed over in time."""
    return store_of.expire_events(store, now=now, queue=queue)


@stage
def select_batches(
    store: StoreFile, *, now: datetime, queue: Queue | None, batch_messages: int
) -> list[dy.DataFrame[Deliverable]]:
    """The deliverable events, in batches of one delivery each."""
    return transform.batches(store_of.deliverables(store, now=now, queue=queue), batch_messages=batch_messages)


@stage(once=True)  # Messages may have left: the next run asks the sender's record before anything leaves again.
async def hand_over_batch(
    store: StoreFile, account: Account, batch: dy.DataFrame[Deliverable], *, sender: Sender, now: datetime
) -> Counter[str]:
    """Renders a batch, claims it, sends it, and writes down what became of it: one task, for there are many."""
    rendered = render_messages(store, batch)
    claim, messages = claim_batch(store, account, rendered, sender=sender.name, now=now)
    counts = Counter({"not_rendered": claim.not_rendered})
    if messages.height:
        handed_over, state = await send_messages(sender, messages, now=now)
        counts += confirm_batch(store, account, claim.batch_id, handed_over, sender=sender, state=state, now=now)
    return counts


def render_messages(store: StoreFile, batch: dy.DataFrame[Deliverable]) -> dy.DataFrame[RenderedMessage]:
    """The messages of a batch's events."""
    return rendering.render_messages(*store_of.message_sources(store, batch))


def claim_batch(
    store: StoreFile, account: Account, rendered: dy.DataFrame[RenderedMessage], *, sender: str, now: datetime
) -> tuple[store_of.Claim, dy.DataFrame[Message]]:
    """Takes the events for this run alone; the messages to send are those it got."""
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    claim = store_of.claim_batch(
        store,
        rendered,
        sender=sender,
        now=now,
        unrendered_logs=lambda batch_id: transform.unrendered_logs(rendered, rules, now=now, batch_id=batch_id),
    )
    return claim, transform.claimed_messages(rendered, claim.event_ids, batch_id=claim.batch_id)


async def send_messages(
    sender: Sender, messages: dy.DataFrame[Message], *, now: datetime
) -> tuple[dy.DataFrame[HandOver], BatchState]:
    """Hands a claimed batch to the sender; one that cannot take it defers all of it."""
    try:
        handed_over = await sender.send(messages["batch_id"][0], messages)
    except SenderUnavailableError as error:
        return transform.all_deferred(messages, reason=str(error), now=now), "returned"
    return transform.answered(messages, handed_over, now=now), "confirmed"


def confirm_batch(
    store: StoreFile,
    account: Account,
    batch_id: str,
    handed_over: dy.DataFrame[HandOver],
    *,
    sender: Sender,
    state: BatchState,
    now: datetime,
) -> Counter[str]:
    """Writes down what became of a batch."""
    claimed = store_of.claimed_events(store, batch_id)
    reason = handed_over["reason"][0] if state == "returned" else None
    return _settled(store, account, batch_id, claimed, handed_over, sender=sender, state=state, reason=reason, now=now)


def _settled(
    store: StoreFile,
    account: Account,
    batch_id: str,
    claimed: dy.DataFrame[ClaimedEvent],
    handed_over: dy.DataFrame[HandOver],
    *,
    sender: Sender,
    state: BatchState,
    reason: str | None,
    now: datetime,
) -> Counter[str]:
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    expired = store_of.settle_batch(
        store,
        batch_id,
        state=state,
        reason=reason,
        handed_over=handed_over,
        logs=transform.hand_over_logs(claimed, handed_over, rules, batch_id=batch_id, provider=sender.name),
        next_tries=transform.next_tries(claimed, handed_over, retries=account.retries, now=now),
        now=now,
    )
    sender.forget(batch_id)
    return Counter({"messages": handed_over.height, "expired": expired, **Counter(handed_over["outcome"].to_list())})
