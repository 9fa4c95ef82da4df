"""Opens and clicks as they are tracked, addresses that are spared, from provider logs to the archive."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, deliver, ingest, process, publish, rows_of, statuses, update

from tasks.account_run import AccountRun
from tasks.archive_events import archive_events
from tasks.collect_delivery_logs import collect_delivery_log
from tasks.store.connection import StoreFile, reading
from tasks.store.quarantine import quarantined, release

ADA = "Ada@Example.org"
AT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def sent(run: AccountRun, folder: Path, *keys: str, email: str = ADA, **fields: Any) -> dict[str, str]:
    """Events handed over: their ids by their keys."""
    ingest(run, [{"id": key, "type": "order", "email": email, **fields} for key in keys], folder, name="-".join(keys))
    process(run)
    deliver(run)
    return dict(rows_of(run, "select event_key, event_id::varchar from event"))


def log(event_id: str, kind: str, minute: int = 0, **fields: Any) -> dict[str, Any]:
    return {"event_id": event_id, "kind": kind, "logged_at": (AT + timedelta(minutes=minute)).isoformat(), **fields}


@pytest.fixture
def account(run: AccountRun) -> AccountRun:
    publish(run, [{"template_id": "t"}, {"template_id": "s", "channel": "sms"}])
    return run


def test_opens_and_clicks_are_tracked_once_with_their_links(account: AccountRun, tmp_path: Path) -> None:
    ids = sent(account, tmp_path, "1", "2")
    rows = [
        log(ids["1"], "opened", user_agent="Mail/1"),
        log(ids["1"], "clicked", 1, url="https://shop.example/a", user_agent="Web/2"),
        log(ids["2"], "clicked", 2, url="https://shop.example/a"),
        log(ids["2"], "clicked", 3, url="https://shop.example/b"),
        log(ids["2"], "clicked", 4),
        log(ids["2"], "delivered", 5, url="https://shop.example/none"),
    ]
    for name in ("a", "b"):
        collect(account, rows, tmp_path, name=name)
        update(account)
    tracked = rows_of(
        account,
        "select event_key, tracking_log.kind, url, user_agent from tracking_log join event using (event_id) "
        "left join tracking_url using (url_id) order by logged_at",
    )
    assert tracked == [
        ("1", "opened", None, "Mail/1"),
        ("1", "clicked", "https://shop.example/a", "Web/2"),
        ("2", "clicked", "https://shop.example/a", None),
        ("2", "clicked", "https://shop.example/b", None),
        ("2", "clicked", None, None),
    ]
    urls = rows_of(account, "select url_id // (2::bigint ** 56)::bigint, url from tracking_url order by url_id")
    assert urls == [(3, "https://shop.example/a"), (3, "https://shop.example/b")]
    archive_events(account.settings, account.account, now=account.now)
    with reading(StoreFile(account.settings.control_store, "control")) as session:
        archived = session.connection.execute(
            "select account, count(*), count(url) from tracking_log "
            "left join tracking_url using (account, url_id) group by 1"
        ).fetchall()
    assert archived == [("alpha", 5, 3)]


def test_a_click_that_came_before_its_event_was_known_is_tracked_later(account: AccountRun, tmp_path: Path) -> None:
    click = {"provider_message_id": "m1", "kind": "clicked", "logged_at": AT.isoformat(), "url": "https://a.example"}
    collect(account, [click], tmp_path, name="early")
    update(account)
    ids = sent(account, tmp_path, "1")
    assert rows_of(account, "select * from tracking_log") == []
    collect(account, [log(ids["1"], "delivered", provider_message_id="m1")], tmp_path, name="late")
    update(account)
    assert rows_of(account, "select url from tracking_log join tracking_url using (url_id)") == [("https://a.example",)]


def test_what_providers_say_of_a_click_is_kept(account: AccountRun) -> None:
    payload = {
        "event": "click", "email": ADA, "sg_message_id": "m1", "timestamp": 1763899200,
        "url": "https://shop.example/a", "useragent": "Web/2",
    }  # fmt: skip
    path = account.settings.delivery_log_inbox("alpha") / "log.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(payload))
    collect_delivery_log(account.settings, account.account, path, now=account.now)
    assert rows_of(account, "select url, user_agent from delivery_log") == [("https://shop.example/a", "Web/2")]


@pytest.mark.parametrize(
    ("kind", "reason", "is_spared"),
    [
        ("bounced", "550 5.1.1 no such user", True),
        ("bounced", None, True),
        ("bounced", "5.0.0 (undefined)", True),
        ("bounced", "550 5.1.10 null MX", True),
        ("bounced", "relay 10.5.4.1 said: 550 no such user", True),
        ("complained", "5.7.1 abuse", True),
        ("bounced", "554 5.7.1 blocked by policy", False),
        ("bounced", "5.4.4 host not found", False),
        ("bounced", "552 5.2.2 mailbox full", False),
        ("bounced", "553 5.1.8 sender's domain", False),
        ("soft_bounced", "4.2.2", False),
        ("suppressed", "bounced before", False),
        ("rejected", "5.1.1", False),
    ],
)
def test_an_address_is_spared_after_what_is_its_own_fault(
    account: AccountRun, tmp_path: Path, kind: str, reason: str | None, *, is_spared: bool
) -> None:
    ids = sent(account, tmp_path, "1")
    collect(account, [log(ids["1"], kind, reason=reason)], tmp_path)
    update(account)
    found = quarantined(account.store).select("channel", "address", "kind").rows()
    assert found == ([("email", "ada@example.org", kind)] if is_spared else [])
    sent(account, tmp_path, "2", "3", email="ADA@example.ORG")
    sent(account, tmp_path, "other", email="bob@example.org")
    sent(account, tmp_path, "sms", mobilePhone="+4915112345", wishedChannel="sms")
    manifests = account.settings.outbox("alpha").glob("*.json")
    left = {key for path in manifests for key in json.loads(path.read_text())["events"].values()}
    assert left == {"1", "other", "sms"} | (set() if is_spared else {"2", "3"})
    update(account)
    told = statuses(account)
    assert told["2"] == (("ignored", f"quarantined: {kind}") if is_spared else ("pending_delivery", None))


def test_an_address_that_was_released_is_used_again_until_it_bounces_again(account: AccountRun, tmp_path: Path) -> None:
    ids = sent(account, tmp_path, "1")
    collect(account, [log(ids["1"], "bounced")], tmp_path)
    update(account)
    assert release(account.store, ADA, channel="sms", now=AT) == 0
    assert release(account.store, ADA, channel=None, now=AT + timedelta(minutes=5)) == 1
    assert release(account.store, ADA, channel=None, now=AT) == 0
    assert quarantined(account.store).is_empty()
    ids = sent(account, tmp_path, "2")
    assert rows_of(account, "select distinct outcome from hand_over") == [("taken",)]
    collect(account, [log(ids["1"], "bounced", 1)], tmp_path, name="old news")
    update(account)
    assert quarantined(account.store).is_empty()
    collect(account, [log(ids["2"], "bounced", 9, reason="again")], tmp_path, name="new")
    update(account)
    assert quarantined(account.store).select("address", "reason").rows() == [("ada@example.org", "again")]
    archive_events(account.settings, account.account, now=account.now)
