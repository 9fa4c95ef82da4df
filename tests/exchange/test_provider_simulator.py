"""The provider that the demonstration plays: by recipient, bit by bit, and as untidy as providers are."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tasks.exchange.demonstration.provider_histories import histories
from tasks.exchange.demonstration.provider_simulator import sent_messages, write_provider_logs, write_server_log
from tasks.exchange.reading.read_rows import read_rows

SENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = SENT + timedelta(minutes=15)
LAST = SENT + timedelta(hours=4)


def batch(outbox: Path, recipients: list[str], channel: str = "email") -> None:
    outbox.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(
        {
            "event_id": [2**56 + number for number in range(len(recipients))],
            "batch_id": "b1",
            "channel": channel,
            "recipient": recipients,
        },
        schema_overrides={"channel": pl.Enum(["email", "sms", "ios", "android"])},
    ).write_parquet(outbox / "b1.parquet")
    manifest = {"batch_id": "b1", "file": "b1.parquet", "created": SENT.isoformat()}
    (outbox / "b1.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("recipient", "kinds"),
    [
        ("deliver+a@example.org", ["accepted", "delivered"]),
        ("defer+a@example.org", ["accepted", "deferred", "delivered"]),
        ("unknown+a@example.org", ["bounced"]),
        ("policy+a@example.org", ["rejected"]),
        ("suppressed+a@example.org", ["suppressed"]),
        ("full+a@example.org", ["accepted", "soft_bounced"]),
        ("bounce+a@example.org", ["accepted", "bounced"]),
        ("late+a@example.org", ["accepted", "delivered", "bounced"]),
    ],
)
def test_the_recipient_says_what_happens(tmp_path: Path, recipient: str, kinds: list[str]) -> None:
    batch(tmp_path, [recipient])
    assert histories(sent_messages(tmp_path))["kind"].to_list() == kinds


def test_of_many_others_most_are_delivered_and_some_of_them_opened(tmp_path: Path) -> None:
    batch(tmp_path, [f"a{number}@example.org" for number in range(2_000)])
    counts = dict(histories(sent_messages(tmp_path))["kind"].value_counts().iter_rows())
    assert counts["accepted"] == counts["delivered"] == 2_000
    assert 0.35 < counts["opened"] / 2_000 < 0.5
    assert 0 < counts["clicked"] < counts["opened"]
    assert {"complained", "deferred", "bounced"} <= counts.keys()


def test_text_messages_are_not_opened_and_some_get_lost(tmp_path: Path) -> None:
    batch(tmp_path, [f"+99955{number:06}" for number in range(1_000)], "sms")
    counts = dict(histories(sent_messages(tmp_path))["kind"].value_counts().iter_rows())
    assert "opened" not in counts
    assert counts["delivered"] + counts["soft_bounced"] == 1_000
    assert 0 < counts["soft_bounced"] < 100


def logged(folder: Path) -> pl.DataFrame:
    frames = [
        read_rows(path, max_bytes=10**8).rows.select(
            *(
                pl.col("document").str.json_path_match(f"$.{name}").alias(name)
                for name in ("event_id", "kind", "logged_at")
            ),
            broken=pl.col("problem").is_not_null(),
        )
        for path in sorted(folder.iterdir())
    ]
    return pl.concat(frames)


@pytest.mark.parametrize("clock", [SENT, LATER])  # much is said at the very instant of sending
def test_it_tells_everything_once_in_two_goes(tmp_path: Path, clock: datetime) -> None:
    batch(tmp_path / "outbox", [f"a{number}@example.org" for number in range(600)])
    write_provider_logs(tmp_path / "outbox", tmp_path / "first", since=None, until=clock)
    write_provider_logs(tmp_path / "outbox", tmp_path / "second", since=clock, until=LAST)
    write_provider_logs(tmp_path / "outbox", tmp_path / "whole", since=None, until=LAST)
    told = {
        name: set(
            logged(tmp_path / name)
            .filter(pl.col("event_id").str.len_chars() > 2, pl.col("kind") != "rendered")
            .select("event_id", "kind", "logged_at")
            .rows()
        )
        for name in ("first", "second", "whole")
    }
    assert told["first"] | told["second"] == told["whole"]
    assert not told["first"] & told["second"]
    assert max(instant for *_, instant in told["first"]) <= f"{clock:%Y-%m-%dT%H:%M:%S}.999Z"


def test_its_logs_are_untidy(tmp_path: Path) -> None:
    batch(tmp_path / "outbox", [f"a{number}@example.org" for number in range(2_000)])
    logs = write_provider_logs(tmp_path / "outbox", tmp_path / "inbox", since=None, until=LAST)
    rows = logged(tmp_path / "inbox")
    assert [path.name for path in logs.paths] == [
        "provider-1300.ndjson", "provider-1300.csv", "provider-1300.parquet", "provider-1300.ndjson.gz",
    ]  # fmt: skip
    assert rows.height == logs.rows
    assert rows.is_duplicated().any()  # copies
    assert "rendered" in rows["kind"].to_list()  # a word that nobody knows
    assert rows.filter(pl.col("event_id").is_null(), pl.col("kind").is_not_null()).height > 0  # somebody else's
    instants = rows["logged_at"].drop_nulls().to_list()
    assert instants != sorted(instants)


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    batch(tmp_path / "outbox", ["deliver+a@example.org"])
    logs = write_provider_logs(tmp_path / "outbox", tmp_path / "inbox", since=LAST, until=LAST + timedelta(hours=1))
    assert logs.rows == 0
    assert not (tmp_path / "inbox").exists()
    assert sent_messages(tmp_path / "inbox").is_empty()


def test_a_receiving_servers_log_is_handed_in_up_to_the_clock(tmp_path: Path) -> None:
    log = tmp_path / "log.ndjson"
    instants = [SENT + timedelta(minutes=minutes) for minutes in (1, 10, 100)]
    log.write_text("".join(json.dumps({"event_id": "1", "logged_at": at.isoformat()}) + "\n" for at in instants))
    written = [
        write_server_log(log, tmp_path / "inbox", since=since, until=until)
        for since, until in ((None, LATER), (LATER, LAST), (LAST, LAST))
    ]
    assert [[pl.read_ndjson(path).height for path in paths] for paths in written] == [[2], [1], []]
