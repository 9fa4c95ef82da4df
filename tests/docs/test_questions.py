"""The questions of the documentation, asked of a real archive: each is answered, and what is known is answered so."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lives import collect, deliver, ingest, process, publish, rows_of, update

from tasks.account_run import AccountRun, run_on
from tasks.archive_events import archive_events
from tasks.contracts.accounts import Account
from tasks.publish_control import publish_control
from tasks.replay_events import replay
from tasks.settings import Settings
from tasks.store.published import query_published

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^([A-Z][^\n]*\?)\n+```sql\n(.*?)```", re.MULTILINE | re.DOTALL)
QUESTIONS = dict(BLOCK.findall((DOCS / "questions.md").read_text("utf-8")))
FEWEST = 20


def event(key: str, name: str, kind: str = "order", **fields: Any) -> dict[str, Any]:
    return {"id": key, "type": kind, "email": f"{name}@example.org", "externalId": f"x-{key}", **fields}


def said(run: AccountRun, folder: Path, name: str, *rows: tuple[str, int, str, dict[str, str]]) -> None:
    """What providers say of events: key, minute, kind, and more."""
    ids = dict(rows_of(run, "select event_key, event_id::varchar from event"))
    addresses = dict(rows_of(run, "select event_key, email from event"))
    logs = [
        {
            "event_id": ids[key], "recipient": addresses[key], "kind": kind, "provider": "mail",
            "logged_at": (run.now + timedelta(minutes=minute)).isoformat(), **more,
        }
        for key, minute, kind, more in rows
    ]  # fmt: skip
    collect(run, logs, folder, name=name)
    update(run)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in which something of everything has happened."""
    folder = tmp_path_factory.mktemp("questions")
    run = run_on(Settings(home=folder / "home"), Account(name="alpha", cell_id=3))
    publish(run, [{"template_id": "t"}], at=run.now - timedelta(days=1))
    rows = [event(str(n), f"person{n}") for n in (1, 2, 4, 5)] + [event("3", "person3", "unknown"), {"type": "order"}]
    ingest(run, rows, folder, name="first")
    process(run)
    deliver(run)
    page = {"url": "https://shop.example/a", "user_agent": "Web/2"}
    said(
        run, folder, "first",
        ("1", 1, "delivered", {}), ("1", 2, "opened", {"user_agent": "Mail/1"}), ("1", 3, "clicked", page),
        ("2", 1, "bounced", {"reason": "550 5.1.1 no such user"}),
        ("4", 1, "deferred", {}), ("4", 6, "delivered", {}),
        ("5", 1, "delivered", {}), ("5", 9, "bounced", {"reason": "550 5.1.1 gone"}),
    )  # fmt: skip
    ingest(run, [event("6", "person2")], folder, name="second")
    process(run)
    deliver(run)
    later = replace(run, now=run.now + timedelta(hours=1))
    publish(later, [{"template_id": "u", "event_type": "unknown"}], at=run.now)
    replay(later, event_type=None, from_at=None, to_at=None, event_ids=None, dry_run=False)
    process(later, now=later.now)
    update(later)
    archive_events(later.settings, later.account, now=later.now)
    publish_control(later.settings)
    return later.settings.published_control


def answer(archive: Path, question: str) -> list[tuple[Any, ...]]:
    (found,) = [sql for asked, sql in QUESTIONS.items() if asked.startswith(question)]
    return query_published(archive, found, limit=1_000).rows()


def test_there_are_as_many_as_are_promised() -> None:
    assert len(QUESTIONS) >= FEWEST
    assert len(QUESTIONS) == (DOCS / "questions.md").read_text("utf-8").count("```sql")


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered(archive: Path, question: str) -> None:
    assert answer(archive, question)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        (
            "How do the events stand",
            {("alpha", "sent", 2), ("alpha", "delivery_failed", 2), ("alpha", "ignored", 1),
             ("alpha", "not_taken_into_account", 1), ("alpha", "pending_delivery", 1)},
        ),
        ("How long do deferred", {(1, (300.0, 300.0))}),
        ("Which links", {("https://shop.example/a", 1, 1)}),
        ("With which programs", {("Mail", 1), ("Web", 1)}),
        ("What was not sent", {("quarantined: bounced", 1, 1)}),
        ("What became of second chances", {("replay", "email", "pending_delivery", 1)}),
        ("What could not be read", {("first.ndjson", "no_address", 1, 6)}),
        ("How many of the messages that arrived", {("t", 2, 0.5, 0.5)}),
        ("What did one person get", {("order", "email", "sent", None)}),
    ],
)  # fmt: skip
def test_what_is_known_is_answered_right(archive: Path, question: str, rows: set[tuple[Any, ...]]) -> None:
    width = len(next(iter(rows)))
    told = [
        tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in answer(archive, question)
    ]
    assert {row[:width] for row in told} == rows
