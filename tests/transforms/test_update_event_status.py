"""The policies, pair by pair."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from tables import table

from tasks.contracts.accounts import PolicyName
from tasks.contracts.collect_delivery_logs import POLICIES, status_rules
from tasks.contracts.update_event_status import HandedOverEvent, LogOutcome
from tasks.contracts.vocabulary import KINDS
from tasks.transforms.update_event_status import status_changes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def status_after(kinds: list[str], policy: PolicyName = "message-center", *, start: str = "pending_delivery") -> str:
    """The status of an event of which logs said these kinds, a minute apart."""
    event = HandedOverEvent.validate(
        pl.DataFrame(
            {"event_id": [1], "status": [start], "reason": [None], "processed_at": [None], "change_seq": [1]},
            schema=pl.Schema(HandedOverEvent),
        )
    )
    logs = LogOutcome.validate(
        pl.DataFrame(
            [(1, kind, NOW + timedelta(minutes=n), None) for n, kind in enumerate(kinds)],
            schema=pl.Schema(LogOutcome),
            orient="row",
        )
    )
    changes = status_changes(event, logs, status_rules(policy))
    return changes["status"].to_list()[0] if changes.height else start


SEQUENCES = """
said, in order         | message-center   | first-final-wins | best-wins
-----------------------|------------------|------------------|-----------------
accepted               | pending_delivery | pending_delivery | pending_delivery
deferred delivered     | sent             | sent             | sent
opened                 | sent             | sent             | sent
delivered bounced      | delivery_failed  | sent             | sent
bounced delivered      | delivery_failed  | delivery_failed  | sent
soft_bounced delivered | sent             | sent             | sent
delivered soft_bounced | sent             | sent             | sent
suppressed delivered   | ignored          | ignored          | sent
rejected suppressed    | delivery_failed  | delivery_failed  | ignored
failed delivered       | delivery_failed  | delivery_failed  | sent
delivered complained   | sent             | sent             | sent
unknown autoresponded  | pending_delivery | pending_delivery | pending_delivery
"""


@pytest.mark.parametrize("row", table(SEQUENCES), ids=lambda row: row["said, in order"])
def test_what_a_sequence_comes_to_under_each_policy(row: dict[str, str]) -> None:
    kinds = row.pop("said, in order").split()
    assert {policy: status_after(kinds, policy) for policy in POLICIES} == row


def test_every_policy_ranks_every_kind() -> None:
    assert all(set(rules) == set(KINDS) for rules in POLICIES.values())


@pytest.mark.parametrize("status", ["expired", "not_taken_into_account"])
def test_an_event_that_was_never_handed_over_keeps_its_status(status: str) -> None:
    assert status_after(["delivered"], start=status) == status
