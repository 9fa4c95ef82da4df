"""Receipts of a message one after the other, and the status that others give it, under the policy that is theirs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, ingest, process, publish, rows_of, statuses, update
from log_cases import FOLDER, NOW, cases
from provider_payloads import MAIL

from tasks.account_run import AccountRun

POLICIES = {
    "govuk_notify_ses": "first-final-wins",
    "govuk_notify_sms": "first-final-wins",
    "cds_notify_ses": "message-center",
    "va_notify_ses": "message-center",
}
"""PyPI's warehouse lets the last receipt win, which is none of ours."""
BEGINS = {"sending": [], "delivered": ["Delivery"], "permanent-failure": ["Bounce/Permanent"]}
"""The receipts after which an event is where a case begins."""
OURS = {"cds_notify_ses:delivered+Bounce/Transient": "sent"}
"""A soft bounce after a delivery is an automatic reply here."""
STATUSES = {"Sent": "sent", "Pending delivery": "pending_delivery", "Delivery failed": "delivery_failed"}


def told() -> list[Any]:
    if not (FOLDER / "transitions.ndjson").exists():
        return []
    return [
        pytest.param(case, id=case["case"])
        for case in cases("transitions")
        if case["policy"] in POLICIES and case["start"] in BEGINS and all(is_receipt(one) for one in case["receipts"])
    ]


def is_receipt(words: str) -> bool:
    return words in {"Delivery", "Bounce/Permanent", "Bounce/Transient"} or words.startswith(("MMG ", "Firetext "))


def payload(words: str, number: int) -> dict[str, Any]:
    """The provider's own words for it."""
    provider, _, codes = words.partition(" ")
    status, _, detail = codes.partition("/")
    code = None if detail == "None" else detail
    match provider:
        case "MMG":
            return {"CID": "m1", "status": status, "substatus": code, "MSISDN": "447700900855"}
        case "Firetext":
            return {"reference": "m1", "status": status, "code": code, "mobile": "447700900855"}
    at = (NOW + timedelta(minutes=number)).isoformat()
    kind, _, bounce = words.partition("/")
    mail = {"messageId": "m1", "destination": [MAIL]}
    recipients = [{"emailAddress": MAIL}]
    return {
        "eventType": kind,
        "mail": mail,
        "bounce": {"bounceType": bounce, "bouncedRecipients": recipients, "timestamp": at} if bounce else None,
        "delivery": {"recipients": [MAIL], "timestamp": at} if kind == "Delivery" else None,
    }


@pytest.mark.skipif(not told(), reason="the shared cases are not here")
@pytest.mark.parametrize("case", told())
def test_receipts_end_where_others_say_they_do(run: AccountRun, tmp_path: Path, case: dict[str, Any]) -> None:
    run = replace(run, account=run.account.model_copy(update={"policy": POLICIES[case["policy"]]}))
    publish(run, [{"template_id": "t"}])
    ingest(run, [{"id": "1", "type": "order", "email": MAIL}], tmp_path)
    process(run)
    ((event_id,),) = rows_of(run, "select event_id from event")
    known = {"event_id": event_id, "provider_message_id": "m1", "kind": "queued", "logged_at": NOW.isoformat()}
    collect(run, [known], tmp_path, name="sent")
    for number, words in enumerate([*BEGINS[case["start"]], *case["receipts"]]):
        later = replace(run, now=NOW + timedelta(minutes=number))
        collect(later, [payload(words, number)], tmp_path, name=f"receipt-{number}")
        update(later)
    expected = OURS.get(case["case"], STATUSES[case["suggested_six_status"].partition(" (")[0]])
    assert statuses(run)["1"][0] == expected
