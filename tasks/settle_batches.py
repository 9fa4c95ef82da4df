"""What became of claimed batches, written down: told by the sender, or by its record where a run died."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import dataframely as dy
import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.collect_delivery_logs import status_rules
from tasks.contracts.deliver_events import NOTHING_LEFT, BatchEnding, ClaimedBatch, ClaimedEvent, HandOver, Message
from tasks.contracts.vocabulary import Queue
from tasks.exchange.sending.account_sender import SENDERS, sender_of
from tasks.exchange.sending.senders import Answer, Sender, SenderUnavailableError
from tasks.stage import stage
from tasks.store import settle_batches as store_of
from tasks.store.connection import StoreFile
from tasks.transforms import deliver_events as transform

Endings = list[tuple[str, str, str | None]]
"""Rows of `BatchEnding`."""


@stage(once=True)  # Many transactions: tried again, it would count none of those before the fault.
def recover_batches(
    store: StoreFile, account: Account, outbox: Path, *, now: datetime, queue: Queue | None
) -> Counter[str]:
    """Settles what a crashed run of the queue left claimed, from the record of the sender it was claimed for."""
    batches, claimed = store_of.claimed_batches(store, queue=queue)
    counts = Counter({"recovered_batches": batches.height})
    for name in batches["sender"].unique(maintain_order=True):
        sender = sender_of(account, outbox, now=now, name=name)
        of_sender = ClaimedBatch.validate(batches.filter(pl.col("sender") == name))
        counts += _recover(store, account, of_sender, claimed, sender=sender, now=now)
    return counts


@stage
def clear_records(store: StoreFile, account: Account, outbox: Path, *, now: datetime, queue: Queue | None) -> None:
    """Clears the records of what is settled: what the other queue's run is sending is claimed, and left alone."""
    # Looking for records reads the whole folder, which real time has no time for; its own senders' are enough.
    for name in set(account.senders.values()) if queue == "rt" else SENDERS:
        sender = sender_of(account, outbox, now=now, name=name)
        for batch_id in store_of.settled_batches(store, sender.records()):
            sender.forget(batch_id)


def settle_answers(
    store: StoreFile,
    account: Account,
    claimed: dy.DataFrame[ClaimedEvent],
    messages: Mapping[str, dy.DataFrame[Message]],
    answers: Mapping[str, Answer],
    *,
    sender: Sender,
    now: datetime,
) -> Counter[str]:
    """Writes down what the sender said of the batches of a round; one that it could not take is deferred, all of it.

    Raises:
        Exception: An answer that is any other error; its batch stays claimed, all others are settled.
    """
    endings: Endings = []
    handed_over = [HandOver.create_empty()]
    for batch_id, answer in answers.items():
        if isinstance(answer, SenderUnavailableError):
            endings.append((batch_id, "returned", str(answer)))
            handed_over.append(transform.all_deferred(messages[batch_id], reason=str(answer), now=now))
        elif isinstance(answer, pl.DataFrame):
            endings.append((batch_id, "confirmed", None))
            handed_over.append(answer)
    sent = [Message.create_empty(), *(messages[batch_id] for batch_id, _, _ in endings)]
    told = transform.answered(Message.validate(pl.concat(sent)), HandOver.validate(pl.concat(handed_over)), now=now)
    counts = _settle(store, account, endings, claimed, told, sender=sender, now=now)
    for answer in answers.values():
        if isinstance(answer, Exception) and not isinstance(answer, SenderUnavailableError):
            raise answer
    return counts


def _recover(
    store: StoreFile,
    account: Account,
    batches: dy.DataFrame[ClaimedBatch],
    claimed: dy.DataFrame[ClaimedEvent],
    *,
    sender: Sender,
    now: datetime,
) -> Counter[str]:
    endings: Endings = []
    records = [HandOver.create_empty()]
    for batch_id in batches["batch_id"]:
        record = sender.record(batch_id, claimed.filter(pl.col("batch_id") == batch_id)["event_id"].to_list())
        if record is None or record.is_empty():
            endings.append((batch_id, "returned", NOTHING_LEFT))
        else:
            endings.append((batch_id, "confirmed", None))
            records.append(record)
    handed_over = HandOver.validate(pl.concat(records))
    return _settle(store, account, endings, claimed, handed_over, sender=sender, now=now)


def _settle(
    store: StoreFile,
    account: Account,
    endings: Endings,
    claimed: dy.DataFrame[ClaimedEvent],
    handed_over: dy.DataFrame[HandOver],
    *,
    sender: Sender,
    now: datetime,
) -> Counter[str]:
    if not endings:
        return Counter()
    rules = status_rules(account.policy, accepted_means_sent=account.accepted_means_sent)
    expired = store_of.settle_batches(
        store,
        BatchEnding.validate(pl.DataFrame(endings, schema=pl.Schema(BatchEnding), orient="row")),
        claimed,
        handed_over=handed_over,
        logs=transform.hand_over_logs(claimed, handed_over, rules, provider=sender.name),
        next_tries=transform.next_tries(claimed, handed_over, retries=account.retries, now=now),
        now=now,
    )
    for batch_id, _, _ in endings:
        sender.forget(batch_id)
    return Counter({"messages": handed_over.height, "expired": expired, **Counter(handed_over["outcome"].to_list())})
