"""Batches written to the outbox."""

import asyncio
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import dataframely as dy
import polars as pl
import pytest
from senders_alone import send

from tasks.contracts.deliver_events import Message
from tasks.exchange.sending.send_outbox import OutboxSender
from tasks.exchange.sending.senders import SenderUnavailableError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
IDS = [3 * 2**56 + 1, 3 * 2**56 + 2]


@pytest.fixture
def messages() -> dy.DataFrame[Message]:
    return Message.validate(
        pl.DataFrame({"event_id": IDS}).with_columns(
            event_key=pl.format("key-{}", pl.col("event_id") - 3 * 2**56),
            delivery_id=pl.lit(3 * 2**56 + 9),
            batch_id=pl.lit("b-1"),
            channel=pl.lit("email"),
            recipient=pl.lit("änn@example.net"),
            sender=pl.lit(None),
            subject=pl.lit("Grüße 🎁"),
            body_text=pl.lit("t"),
            body_html=pl.lit(None),
        ),
        cast=True,
    )


def test_a_batch_is_a_file_and_a_manifest_that_describes_it(tmp_path: Path, messages: dy.DataFrame[Message]) -> None:
    sender = OutboxSender(tmp_path / "outbox", "alpha", NOW)
    handed_over = asyncio.run(send(sender, "b-1", messages))
    assert handed_over.rows() == [(event_id, "taken", "queued", None, None, NOW) for event_id in IDS]
    assert sorted(path.name for path in (tmp_path / "outbox").iterdir()) == ["b-1.json", "b-1.parquet"]
    manifest = json.loads((tmp_path / "outbox" / "b-1.json").read_text())
    file = tmp_path / "outbox" / manifest.pop("file")
    assert manifest == {
        "batch_id": "b-1",
        "account": "alpha",
        "delivery_id": "216172782113783817",
        "messages": 2,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "created": "2026-11-23T12:00:00+00:00",
        "events": {"216172782113783809": "key-1", "216172782113783810": "key-2"},
    }
    assert Message.validate(pl.read_parquet(file), cast=True).equals(messages)


def test_all_messages_are_durable_under_their_names_before_the_first_manifest_has_its(
    tmp_path: Path, messages: dy.DataFrame[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[str, str]] = []
    fsync, rename = os.fsync, Path.rename

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        steps.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))

    def renamed(path: Path, target: Path) -> Path:
        steps.append(("name", target.name))
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    answers = asyncio.run(OutboxSender(tmp_path, "alpha", NOW).send({"b-1": messages.head(1), "b-2": messages.tail(1)}))
    assert [answer["event_id"].to_list() for answer in answers.values()] == [[IDS[0]], [IDS[1]]]  # type: ignore[index]
    folder = [("sync", tmp_path.name)]
    rounds = [
        [("sync", f".b-{number}{suffix}.tmp") for number in (1, 2)]
        + [("name", f"b-{number}{suffix}") for number in (1, 2)]
        for suffix in (".parquet", ".json")
    ]
    steps[:2], steps[5:7] = sorted(steps[:2]), sorted(steps[5:7])  # side by side
    assert steps == [*rounds[0], *folder, *rounds[1], *folder]


def test_the_manifest_is_the_record(tmp_path: Path, messages: dy.DataFrame[Message]) -> None:
    asyncio.run(send(OutboxSender(tmp_path, "alpha", NOW), "b-1", messages))
    (tmp_path / "b-1.parquet").unlink()  # taken by whoever sends from the outbox
    record = OutboxSender(tmp_path, "alpha", datetime(2027, 1, 1, tzinfo=UTC)).record("b-1", IDS)
    assert record is not None
    assert record.rows() == [(event_id, "taken", "queued", None, None, NOW) for event_id in IDS]


def test_without_a_manifest_nothing_was_taken_and_what_is_left_goes(tmp_path: Path) -> None:
    for name in ("b-1.parquet", ".b-1.parquet.tmp", ".b-1.json.tmp", "b-2.parquet"):
        (tmp_path / name).touch()
    assert OutboxSender(tmp_path, "alpha", NOW).record("b-1", IDS) is None
    assert [path.name for path in tmp_path.iterdir()] == ["b-2.parquet"]


def test_a_batch_is_never_written_over(tmp_path: Path, messages: dy.DataFrame[Message]) -> None:
    sender = OutboxSender(tmp_path, "alpha", NOW)
    asyncio.run(send(sender, "b-1", messages))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match=r"b-1\.json is there already"):
        asyncio.run(send(sender, "b-1", messages.head(1)))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_outbox_that_cannot_be_written_to_is_unavailable(tmp_path: Path, messages: dy.DataFrame[Message]) -> None:
    (tmp_path / "outbox").touch()
    with pytest.raises(SenderUnavailableError, match="cannot be written to"):
        asyncio.run(send(OutboxSender(tmp_path / "outbox" / "alpha", "alpha", NOW), "b-1", messages))
    with pytest.raises(SenderUnavailableError, match="cannot be written to"):
        asyncio.run(send(OutboxSender(tmp_path / "outbox", "alpha", NOW), "b-1", messages))
