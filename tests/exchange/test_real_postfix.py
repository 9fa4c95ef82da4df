"""The `smtp` sender and a real Postfix: what it said at once, what its log says, and what its bounces say, agree."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lives import deliver, ingest, process, publish, rows_of, statuses, update
from postfix_server import DAEMONS, Postfix, postfix

from tasks.account_run import AccountRun, run_on
from tasks.contracts.accounts import Account, SmtpServer
from tasks.settings import Settings
from tasks.take_in_files import collect_files

CAN_RUN = os.geteuid() == 0 and shutil.which("postfix", path="/usr/sbin") is not None and Path(DAEMONS).is_dir()
pytestmark = pytest.mark.skipif(not CAN_RUN, reason="needs Postfix, and root to start it")

ADDRESSES = {
    "good": "ada@good.test",
    "other": "bob@good.test",
    "discarded": "ann@discard.test",
    "late": "nobody@late.test",
    "policy": "ann@policy.test",
    "slow": "ann@slow.test",
}
SENT = {"good", "other", "discarded"}


@pytest.fixture(scope="module")
def server() -> Iterator[Postfix]:
    folder = Path(tempfile.mkdtemp(prefix="postfix-"))
    with postfix(folder) as running:
        yield running
    shutil.rmtree(folder)


def account(server: Postfix, **smtp: object) -> Account:
    given = {"port": server.port, "sender_address": "shop@bounces.test", "bounce_address": "bounces@bounces.test"}
    return Account(name="alpha", cell_id=3, sender="smtp", smtp=SmtpServer.model_validate(given | smtp))


def handed_over(run: AccountRun, folder: Path, addresses: dict[str, str]) -> None:
    publish(run, [{"template_id": "t"}])
    ingest(run, [{"id": key, "type": "order", "email": address} for key, address in addresses.items()], folder)
    process(run)
    deliver(run)


def test_log_and_bounces_of_a_real_server_agree_on_every_message(
    server: Postfix, settings: Settings, tmp_path: Path
) -> None:
    run = run_on(settings, account(server, bounce_maildir=server.bounces))
    handed_over(run, tmp_path, ADDRESSES)
    at_once = dict(rows_of(run, "select event_key, kind from delivery_log join event using (event_id)"))
    assert at_once == dict.fromkeys(ADDRESSES, "accepted")
    server.wait_for(len(ADDRESSES) + 2)  # and the two bounces
    assert collect_files(run).rejected == 0
    update(run)
    by_bounces = statuses(run)
    assert {key for key, (status, _) in by_bounces.items() if status == "delivery_failed"} == {"late", "policy"}
    bounced = rows_of(
        run, "select event_key, provider from delivery_log join event using (event_id) where kind = 'bounced'"
    )
    assert sorted(bounced) == [("late", "dsn"), ("policy", "dsn")]
    (settings.delivery_log_inbox("alpha") / "mail.log").write_text(server.log())
    assert collect_files(run).rejected == 0
    update(run)
    by_log = statuses(run)
    assert {key: status for key, (status, _) in by_log.items()} == {
        **dict.fromkeys(SENT, "sent"),
        **dict.fromkeys(("late", "policy"), "delivery_failed"),
        "slow": "pending_delivery",
    }
    told = rows_of(
        run,
        "select event_key, kind from delivery_log join event using (event_id) where provider = 'postfix' order by 1",
    )
    assert told == [
        ("discarded", "delivered"), ("good", "delivered"), ("late", "bounced"), ("other", "delivered"),
        ("policy", "bounced"), ("slow", "deferred"),
    ]  # fmt: skip
    assert rows_of(run, "select address, kind from quarantine") == [("nobody@late.test", "bounced")]
    assert not list((server.bounces / "new").iterdir())


def test_bounces_go_to_an_address_of_their_event_and_are_asked_for(
    server: Postfix, settings: Settings, tmp_path: Path
) -> None:
    run = run_on(settings, account(server))
    handed_over(run, tmp_path, {"late": "gone@late.test"})
    ((event_id,),) = rows_of(run, "select event_id::varchar from event")
    mail = _bounce_to(server, f"bounces+{event_id}@bounces.test")
    assert f"Original-Envelope-Id: {event_id}" in mail


def test_a_certificate_is_checked_where_tls_is_required(server: Postfix, settings: Settings, tmp_path: Path) -> None:
    for options, taken in (
        ({"tls": "required"}, False),
        ({"tls": "required", "ca_file": server.certificate}, True),
        ({"tls": "opportunistic"}, True),
        ({"tls": "off"}, True),
    ):
        name = "-".join(map(str, options.values())).replace("/", "")
        home = settings.model_copy(update={"home": tmp_path / name})
        run = run_on(home, account(server, **options))
        handed_over(run, tmp_path / name, {"good": "ada@good.test"})
        state = rows_of(run, "select state, reason from delivery_batch")
        assert [each for each, _ in state] == ["confirmed" if taken else "returned"], state
        assert taken or "certificate" in state[0][1]


def _bounce_to(server: Postfix, address: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for path in (server.bounces / "new").glob("*"):
            if address in (text := path.read_text()):
                return text
        time.sleep(0.1)
    raise AssertionError(f"no bounce came to {address}")
