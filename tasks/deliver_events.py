"""Hands messages over, round by round: rendered, claimed, sent once, and what the sender said kept."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import dataframely as dy

from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.contracts.deliver_events import Deliverable, RenderedMessage
from tasks.contracts.enrich_events import HeldBackEvent
from tasks.contracts.vocabulary import QUEUES, Queue
from tasks.enrich_events import enriched
from tasks.exchange.reference_table import EnrichmentError
from tasks.exchange.sending.account_sender import sender_of
from tasks.exchange.sending.fill_in_messages import fill_in_messages, paths_to_fill_in, plain_texts
from tasks.exchange.sending.render_messages import render_messages
from tasks.exchange.sending.senders import Answer, Sender, SenderUnavailableError
from tasks.progress import progressing
from tasks.repeated_events import repeats
from tasks.settings import Settings
from tasks.settle_batches import clear_records, recover_batches, settle_answers
from tasks.stage import stage
from tasks.store import deliver_events as store_of
from tasks.store.connection import StoreFile
from tasks.store.json_values import json_values
from tasks.store.lock import lock
from tasks.transforms import deliver_events as transform

COUNTS = (
    "messages",
    "taken",
    "deferred",
    "refused",
    "unsure",
    "not_rendered",
    "suppressed",
    "expired",
    "recovered_batches",
)


async def deliver_events(
    settings: Settings, account: Account, *, now: datetime, queue: Queue | None = None
) -> dict[str, int]:
    """Hands over all that is deliverable at `now`, round by round.

    A round is a batch of each of several deliveries, with one transaction that claims them all before the first is
    sent, and one that settles them.

    Returns:
        How many `messages` were handed to the sender and what it made of them (`taken`, `deferred`, `refused`,
        `unsure`), including those of a crashed run's batches that the sender's record tells of; how many events
        could not be rendered, may not be sent, or expired on the way; how many batches of crashed
        runs were settled.

    Raises:
        StoreBusyError: Another run delivers this queue of the account, or holds its store.
    """
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    outbox = settings.outbox(account.name)
    async with delivering(store, queue):
        counts, waiting = Counter[str](), find_waiting(store, now=now, queue=queue)
        if waiting.has_remains:
            counts += recover_batches(store, account, outbox, now=now, queue=queue)
            counts["expired"] += expire_events(store, now=now, queue=queue)
            waiting = find_waiting(store, now=now, queue=queue)
        clear_records(store, account, outbox, now=now, queue=queue)
        for name, events in transform.by_sender(waiting.deliverables, account.senders).items():
            sender = sender_of(account, outbox, now=now, name=name)
            rounds = transform.rounds(
                events,
                batch_messages=settings.batch_messages or sender.batch_messages,
                round_messages=settings.batch_messages or sender.round_messages,
            )
            for round_ in progressing(rounds, "rounds"):
                counts += await hand_over_round(store, account, round_, sender=sender, now=now)
    return {name: counts[name] for name in COUNTS}


@asynccontextmanager
async def delivering(store: StoreFile, queue: Queue | None = None) -> AsyncIterator[None]:
    """Keeps other runs from delivering a queue, or (None) any: a claimed batch of it is then the remains of a crash."""
    async with AsyncExitStack() as held:
        for one in (queue,) if queue else QUEUES:
            alone = lock(
                store.path.with_suffix(f".{one}.deliver.lock"),
                exclusive=True,
                wait_seconds=store.wait_seconds,
                purpose=f"delivering {one} events",
            )
            await asyncio.to_thread(alone.__enter__)
            held.push(alone)
        yield


@stage
def find_waiting(store: StoreFile, *, now: datetime, queue: Queue | None) -> store_of.Waiting:
    """What waits to be handed over."""
    return store_of.waiting(store, now=now, queue=queue)


@stage(once=True)  # Many transactions.
def expire_events(store: StoreFile, *, now: datetime, queue: Queue | None) -> int:
    """Expires what was not handed over in time."""
    return store_of.expire_events(store, now=now, queue=queue)


@stage(once=True)  # Messages may have left: the next run asks the sender's record before anything leaves again.
async def hand_over_round(
    store: StoreFile, account: Account, deliverables: dy.DataFrame[Deliverable], *, sender: Sender, now: datetime
) -> Counter[str]:
    """Renders a round's messages, claims and sends its batches, and writes down what became of them.

    One task, for there are many.

    Raises:
        Exception: What the sender raised over a batch, other than that it cannot take it; all others are settled.
    """
    sources = store_of.message_sources(store, deliverables)
    if sources.events.is_empty():
        return Counter()
    rendered, trouble = _messages(account, sources, repeats(store, account, sources))
    claim = claim_round(store, account, rendered, sender=sender.name, now=now)
    counts = Counter({"not_rendered": claim.not_rendered - claim.suppressed, "suppressed": claim.suppressed})
    if claim.held.height:
        messages = transform.claimed_messages(rendered, claim.held)
        answers: dict[str, Answer] = (
            await sender.send(messages) if trouble is None else dict.fromkeys(messages, trouble)
        )
        claimed = transform.claimed_events(sources.events, claim.held)
        counts += settle_answers(store, account, claimed, messages, answers, sender=sender, now=now)
    return counts


def _messages(
    account: Account, sources: store_of.Sources, repeats: dy.DataFrame[HeldBackEvent]
) -> tuple[dy.DataFrame[RenderedMessage], SenderUnavailableError | None]:
    """The messages of a round; where its events cannot be enriched just now, nothing in their place, and why."""
    try:
        events, held_back = enriched(sources.events, account.enrichment)
    except EnrichmentError as error:
        return transform.withheld(sources.events), SenderUnavailableError(str(error))
    plain = plain_texts(events, sources.templates)
    filled = fill_in_messages(events, plain, json_values(events["ctx"], paths_to_fill_in(plain)))
    rendered = render_messages(events, sources.templates, filled)
    return transform.held_back(rendered, (sources.held_back, held_back, repeats)), None


def claim_round(
    store: StoreFile, account: Account, rendered: dy.DataFrame[RenderedMessage], *, sender: str, now: datetime
) -> store_of.Claim:
    """Takes the events for this run alone: the messages to send are those of the events it got."""
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    return store_of.claim_round(
        store,
        rendered,
        sender=sender,
        now=now,
        unrendered_logs=lambda held: transform.unrendered_logs(rendered, held, rules, now=now),
    )
