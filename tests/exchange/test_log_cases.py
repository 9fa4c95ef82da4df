"""Every shared case gives the kind and the recipient that others found in it, or what a rule of ours says instead."""

from typing import Any

import pytest
from log_cases import FOLDER, cases, of_case

NO_RECEIPTS = {"transitions"}
FILES = sorted(path.stem for path in FOLDER.glob("*.ndjson") if path.stem not in NO_RECEIPTS)
SAME = {
    "bounced": {"bounced", "soft_bounced"},
    "rejected": {"rejected", "suppressed"},
    "sent": {"accepted"},
    "queued": {"queued", "accepted"},
    "subscribed": {"unknown"},
    "deferred": {"deferred", "soft_bounced"},
}
"""Kinds of ours that are finer, or have another name."""
RULES = {
    ("brevo", "invalid_email"): "bounced",
    ("postmark", "SubscriptionChange"): "bounced",
    ("mailtrap", "suspension"): "rejected",
    ("mailgun", "failed"): "suppressed",
}
"""Where the sources disagree: docs/delivery-logs.md."""
MOST_MISSED = {"dsn_sisimai": 0.25, "exim_log": 0.05}
"""Part of the cases of a file that need not come out: the wording of bounces, line shapes of old servers."""


@pytest.mark.skipif(not FILES, reason="the shared cases are not here")
@pytest.mark.parametrize("name", FILES)
def test_every_case_has_its_kind_and_recipient(name: str) -> None:
    everything = list(cases(name))
    missed = [missing for case in everything if (missing := fault(case))]
    assert len(missed) <= MOST_MISSED.get(name, 0) * len(everything), missed[:10]


def fault(case: dict[str, Any]) -> str | None:
    """What is not as expected."""
    rows = of_case(case)
    found = [(row["kind"], row["recipient"]) for row in rows.iter_rows(named=True) if row["problem"] is None]
    expected = expected_events(case)
    if case["esp"] in {"postfix_log", "exim_log"}:  # a line says one thing
        expected = [one for one in expected if one["event_type"]]
    elif case["payload_kind"] == "rfc822":
        found, expected = sorted(found, key=str), sorted(expected, key=lambda one: str(one["recipient"]))
        found.sort(key=lambda one: str(one[1]))
    fits = len(found) == len(expected) and all(
        is_same(kind, recipient, one, case) for (kind, recipient), one in zip(found, expected, strict=True)
    )
    return None if fits else f"{case['case']}: {found} for {expected}"


def expected_events(case: dict[str, Any]) -> list[dict[str, Any]]:
    told = case.get("expected_events")
    return told if told is not None else [case["expected"]] if case["expected"] else []


def is_same(kind: str, recipient: str | None, expected: dict[str, Any], case: dict[str, Any]) -> bool:
    asked = expected["event_type"]
    is_kind = kind in SAME.get(asked, {asked}) or any(
        esp == case["esp"] and word in str(case["payload"]) and kind == ruled for (esp, word), ruled in RULES.items()
    )
    if "hard" in expected and asked == "bounced":
        is_kind &= (kind == "bounced") == expected["hard"]
    is_recipient = expected["recipient"] is None or (recipient or "").lower() == expected["recipient"].lower()
    return is_kind and is_recipient


@pytest.mark.skipif(not FILES, reason="the shared cases are not here")
@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith(("dsn", "postfix", "exim", "symfony"))])
def test_every_payload_is_told_from_those_of_others(name: str) -> None:
    told = {"amazon_ses": "ses", "sms_mmg": "mmg", "sms_firetext": "firetext", "sms_vonage": "vonage"}
    for case in cases(name):
        rows = of_case(case)
        providers = set(rows.filter(rows["problem"].is_null())["provider"])
        assert providers <= {told.get(case["esp"], case["esp"])}, case["case"]
