"""What became of one account's inputs in a demonstration."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

from tasks.contracts.accounts import Account
from tasks.contracts.demo import AccountNumbers, Counts
from tasks.demo_show import Step
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.conservation import balance

FLOWS: Final = (
    "ingest-events", "process-rt-events", "process-batch-events", "collect-delivery-logs", "archive-events",
)  # fmt: skip


def account_numbers(
    settings: Settings, account: Account, frames: dict[str, pl.DataFrame], steps: Sequence[Step]
) -> AccountNumbers:
    """Puts what the published data says of an account beside what its flow runs counted.

    Args:
        settings: Where the account's store is.
        account: The account.
        frames: As `tasks.store.demo_report` gives them.
        steps: The flow runs.
    """
    own = {topic: frame.filter(account=account.name) for topic, frame in frames.items() if "account" in frame.columns}
    files = own["files"].filter(content="event")
    results = {
        flow: [step.result for step in steps if step.flow == flow and step.account == account.name] for flow in FLOWS
    }
    delivered = _added(results["process-rt-events"] + results["process-batch-events"])
    collected = _added(map(vars, results["collect-delivery-logs"]))
    statuses = own["statuses"]
    return AccountNumbers(
        name=account.name,
        label=account.label,
        sender=account.sender,
        policy=account.policy,
        files={
            "taken_in": int(files["files"].sum()),
            "unreadable": _added(map(vars, results["ingest-events"]))["unreadable_files"],
            **{name: int(files[name].sum()) for name in ("rows", "accepted", "duplicates", "rejected")},
        },
        rejects=_counts(own["rejects"].filter(content="event"), "reason", "rows"),
        statuses=_counts(statuses, "status", "events"),
        reasons={
            str(status): _counts(of_status.filter(pl.col("reason").is_not_null()), "reason", "events")
            for (status,), of_status in statuses.group_by("status", maintain_order=True)
        },
        messages={
            "handed_over": delivered["delivery_taken"] + delivered["delivery_unsure"],
            **{name: delivered[f"delivery_{name}"] for name in ("deferred", "refused", "not_rendered")},
        },
        logs={
            "read": collected["rows"],
            **{name: collected[name] for name in ("stored", "duplicates", "rejected")},
            "parked": int(own["logs"]["parked"].sum()),
        },
        archive={
            "upserted": sum(sum(result.upserted.values()) for result in results["archive-events"]),
            "proved": int(own["proofs"]["days"].sum()),
        },
        proof_holds=bool(own["proofs"]["equal"].all()),
        conservation_holds=balance(StoreFile(settings.account_store(account.name), "account")).holds,
    )


def _counts(frame: pl.DataFrame, key: str, value: str) -> Counts:
    added = frame.group_by(key).agg(pl.col(value).sum()).sort(value, key, descending=[True, False])
    return dict(added.iter_rows())


def _added(counts: Iterable[dict[str, Any]]) -> Counter[str]:
    added: Counter[str] = Counter()
    for each in counts:
        added.update(each)
    return added
