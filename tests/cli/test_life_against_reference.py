"""Whole lives, driven through the command line alone, against a naive reference written from the design."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cli.command_line import CommandLine
from cli.event_files import FORMATS, write_events
from cli.generated_life import START, Generator
from cli.life_files import write_logs, write_templates
from reference_life import Event, Life, identity

ACCOUNT = "alpha"
CELL = 97
ADDRESS_FIELDS = ("email", "mobile_phone", "registration_token", "language", "country", "external_id", "origin")


@dataclass
class Lived:
    """A life as the program lives it, step by step beside the reference; every answer is compared at once."""

    line: CommandLine
    made: Generator
    life: Life = field(default_factory=Life)
    known_ids: dict[int, Event] = field(default_factory=dict)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    event_files: dict[str, list[Path]] = field(default_factory=lambda: {"batch": [], "rt": []})
    log_files: list[Path] = field(default_factory=list)
    template_files: list[Path] = field(default_factory=list)
    formats: Iterator[int] = field(default_factory=count)

    @property
    def files(self) -> Path:
        return self.line.home.parent

    def publish(self, ids: range, file_format: str) -> None:
        templates = list(self.made.templates(ids=ids))
        folder = self.files / f"publish-{file_format}"
        folder.mkdir()
        self.template_files.append(write_templates(folder, templates, file_format))
        answer = self.line.json("templates", "publish", self.template_files[-1], "--account", ACCOUNT)
        assert answer["published"] == len(templates)
        self.life.templates += templates

    def ingest(self, queue: str, now: datetime, files: int, size: int) -> None:
        expected: Counter[str] = Counter()
        paths = []
        for _ in range(files):
            number = next(self.formats)
            file_format = FORMATS[number % len(FORMATS)]
            rows = self.made.rows(now, file_format, size)
            path = write_events(self.files / f"events-{number:03}", rows, file_format, queue, self.made.rng)
            paths.append(path)
            counts, rejected = self.life.ingest(rows, queue, path.name)
            expected += counts
            self.rejected += Counter((path.name, reason) for _, reason in rejected)
        self.event_files[queue] += paths
        answer = self.line.json("ingest", "--account", ACCOUNT, "--queue", queue, "--now", now.isoformat(), *paths)
        assert {name: answer[name] for name in expected} == expected
        assert answer["rows"] == answer["accepted"] + answer["duplicates"] + answer["rejected"]

    def process(self, queue: str, now: datetime) -> None:
        expected = self.life.process(queue, now)
        answer = self.line.json("process", "--account", ACCOUNT, "--queue", queue, "--now", now.isoformat())
        assert {name: answer[name] for name in expected} == expected
        routed = ("pending_delivery", "not_taken_into_account", "template_paused")
        assert answer["due"] == sum(expected[name] for name in routed)

    def logs(self, now: datetime, size: int) -> None:
        self.learn_ids()
        expected: Counter[str] = Counter()
        paths = []
        for file_format in ("ndjson", "csv", "parquet"):
            rows = self.made.log_rows(list(self.known_ids), size, now)
            name = f"logs-{len(self.log_files) + len(paths):03}"
            paths.append(write_logs(self.files / name, rows, file_format, self.made.rng))
            expected += self.life.log(rows)
        self.log_files += paths
        answer = self.line.json("logs", "--account", ACCOUNT, *paths)
        assert {name: answer[name] for name in expected} == expected
        assert answer["rejected"] == 0
        assert answer["rows"] == answer["stored"] + answer["duplicates"]

    def update_status(self, now: datetime) -> None:
        changed = self.life.update_status()
        answer = self.line.json("update-status", "--account", ACCOUNT, "--now", now.isoformat())
        assert answer["parked"] == self.life.parked()
        assert answer["changed"] == sum(answer["by_status"].values()) >= changed

    def archive(self, now: datetime) -> None:
        answer = self.line.json("archive", "--account", ACCOUNT, "--now", now.isoformat())
        assert answer["proof"] == "equal"

    def learn_ids(self) -> None:
        """Which event got which id, told apart by what the store says of it."""
        expected = {str(described(event)): event for event in self.life.events.values()}
        stored = self.line.store(ACCOUNT, "select * from event")
        assert len(stored) == len(expected) == len(self.life.events)
        for row in stored:
            self.known_ids[row["event_id"]] = expected[str(described_row(row))]
        self.life.ids = self.known_ids


def described(event: Event) -> list[Any]:
    at = event.scheduled_at, event.expires_at
    instants = [one and one.timestamp() for one in at]
    key = event.event_key
    addresses = [event.fields[name] for name in ADDRESS_FIELDS]
    ctx = json.dumps(event.ctx, sort_keys=True)
    return [key, event.queue, event.event_type, event.channel, *addresses, ctx, *instants, event.source_file]


def described_row(row: dict[str, Any]) -> list[Any]:
    instants = [row[name] and row[name].timestamp() for name in ("scheduled_at", "expires_at")]
    hashed = len(row["event_key"]) == 32 and set(row["event_key"]) <= set("0123456789abcdef")
    key = None if hashed else row["event_key"]
    addresses = [row[name] for name in ADDRESS_FIELDS]
    ctx = json.dumps(json.loads(row["ctx"]), sort_keys=True)
    return [key, row["queue"], row["event_type"], row["channel"], *addresses, ctx, *instants, row["source_file"]]


def live(home: Path, *, seed: int, rounds: int, files: int, rows_a_file: int, log_rows: int) -> Lived:
    """A seeded schedule of commands, each answer compared with the reference's."""
    lived = Lived(CommandLine(home), Generator(seed))
    rng = random.Random(seed)
    lived.line.json("accounts", "add", ACCOUNT, "--cell-id", CELL)
    lived.publish(range(20), "ndjson")
    for turn in range(rounds):
        now = START + timedelta(hours=20 * turn)
        if turn < 3:
            lived.publish(range(20 * (turn + 1), 20 * (turn + 2)), ("csv", "toml", "parquet")[(turn + seed) % 3])
        queues = ["batch", "rt"]
        for queue in rng.sample(queues, 2):
            lived.ingest(queue, now, files, rows_a_file)
        if rng.random() < 0.5:
            lived.logs(now, log_rows // 2)
            lived.update_status(now)
        for queue in rng.sample(queues, 2):
            lived.process(queue, now)
        lived.logs(now, log_rows)
        lived.update_status(now)
        if turn == rounds - 1 or rng.random() < 0.5:
            lived.archive(now)
        if turn < rounds - 1:
            change_templates(lived, now, rng)
    return lived


def change_templates(lived: Lived, now: datetime, rng: random.Random) -> None:
    """Between two rounds an operator unpublishes, pauses and resumes."""
    published = [one for one in lived.life.active(now) if one.unpublished_at is None]
    ended, held = (one.template_id for one in rng.sample(published, 2))
    at = now + timedelta(hours=1)
    if not any(one.template_id == ended and one.published_at > at for one in lived.life.templates):
        lived.line.json("templates", "unpublish", ended, "--account", ACCOUNT, "--at", at.isoformat())
        lived.life.unpublish(ended, at)
    lived.line.json("templates", "pause", held, "--account", ACCOUNT)
    lived.life.pause(held, paused=True)
    paused = sorted({one.template_id for one in lived.life.templates if one.paused} - {held})
    lived.line.json("templates", "resume", paused[0], "--account", ACCOUNT)
    lived.life.pause(paused[0], paused=False)


def check_events(lived: Lived) -> None:
    lived.learn_ids()
    different = []
    for row in lived.line.store(ACCOUNT, "select * from event order by event_id"):
        event = lived.known_ids[row["event_id"]]
        found = (row["status"], row["template_id"], row["template_version"], row["processed_at"])
        wanted = (event.status, event.template_id, event.template_version, event.processed_at)
        if event.processed_at is None and event.status != "pending_delivery":
            found, wanted = found[:3], wanted[:3]
        if found != wanted or row["reason"] not in event.reasons:
            different.append((row["event_key"], found, row["reason"], wanted, event.reasons, identity(event)))
    assert different == []


def check_archive(lived: Lived) -> None:
    """The control store holds each mutable table of the account as it is."""
    for table, key in (("event", "event_id"), ("delivery_log", "log_key"), ("template", "template_id, version")):
        ours = lived.line.store(ACCOUNT, f"select * from {table} order by {key}")  # noqa: S608
        archived = lived.line.store("control", f"select * from {table} where account = '{ACCOUNT}' order by {key}")  # noqa: S608
        assert [{"account": ACCOUNT} | row for row in ours] == archived, table


def check_repeats(lived: Lived, now: datetime) -> None:
    """Doing each command again changes nothing, and says so."""
    before = contents(lived)
    for queue, paths in lived.event_files.items():
        outcome = lived.line.run("ingest", "--account", ACCOUNT, "--queue", queue, *paths, "--json")
        assert [outcome.answer[name] for name in ("rows", "accepted", "duplicates", "rejected")] == [0, 0, 0, 0]
        assert "before" in outcome.err
    again = lived.line.json("logs", "--account", ACCOUNT, *lived.log_files)
    assert [again[name] for name in ("rows", "stored", "duplicates", "rejected")] == [0, 0, 0, 0]
    for path in lived.template_files:
        assert lived.line.json("templates", "publish", path, "--account", ACCOUNT)["published"] == 0
    for queue in ("batch", "rt"):
        answer = lived.line.json("process", "--account", ACCOUNT, "--queue", queue, "--now", now.isoformat())
        assert [answer[name] for name in ("pending_delivery", "not_taken_into_account", "expired")] == [0, 0, 0]
    answer = lived.line.json("update-status", "--account", ACCOUNT, "--now", now.isoformat())
    assert (answer["changed"], answer["by_status"]) == (0, {})
    answer = lived.line.json("archive", "--account", ACCOUNT, "--now", now.isoformat())
    assert sum(answer["upserted"].values()) == 0
    assert answer["proof"] == "equal"
    assert contents(lived) == before


def contents(lived: Lived) -> dict[str, list[str]]:
    tables = ("event", "event_key", "template", "delivery_log", "rejected_event", "ingested_file", "delivery")
    return {table: sorted(map(str, lived.line.store(ACCOUNT, f"from {table}"))) for table in tables}


def check(lived: Lived, now: datetime) -> None:
    check_events(lived)
    ids = list(lived.known_ids)
    assert min(ids) > CELL * 2**56
    assert max(ids) < (CELL + 1) * 2**56
    rejected = lived.line.store(ACCOUNT, "select source_file, reason from rejected_event")
    assert Counter((row["source_file"], row["reason"]) for row in rejected) == lived.rejected
    assert len(lived.line.store(ACCOUNT, "from delivery_log")) == len(lived.life.logs)
    check_archive(lived)
    check_repeats(lived, now)


def test_a_life_of_two_thousand_events_is_what_the_reference_says(tmp_path: Path) -> None:
    lived = live(tmp_path / "home", seed=1, rounds=2, files=3, rows_a_file=170, log_rows=700)
    check(lived, START + timedelta(hours=20))
    statuses = Counter(event.status for event in lived.life.events.values())
    assert len(statuses) == 7, "the generated life reaches every status"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_a_long_life_is_what_the_reference_says(tmp_path: Path, seed: int) -> None:
    lived = live(tmp_path / "home", seed=seed, rounds=6, files=4, rows_a_file=700, log_rows=6_000)
    check(lived, START + timedelta(hours=100))
