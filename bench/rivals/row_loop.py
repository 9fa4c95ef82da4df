"""A row loop in Python with SQLite: `python -m bench.rivals.row_loop INPUTS HOME`."""

import json
import re
import sqlite3
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from jinja2.sandbox import SandboxedEnvironment

from bench.inputs import FIRST_ID, Inputs
from bench.rivals.life import Rival, main

TABLES = """
create table event (event_id integer primary key, event_key text unique, event_type text, email text, language text,
    created_at text, ctx text, status text, template_id text, template_version integer);
create table rejected_event (raw text, reason text);
create table delivery_log (event_id integer, recipient text, kind text, logged_at text,
    primary key (event_id, recipient, kind, logged_at));
create table hand_over (event_id integer primary key);
"""
CONTROL = """
create table event (account text, event_id integer, event_key text, event_type text, email text, language text,
    created_at text, ctx text, status text, template_id text, template_version integer,
    primary key (account, event_id));
create table delivery_log (account text, event_id integer, recipient text, kind text, logged_at text,
    primary key (account, event_id, recipient, kind, logged_at));
"""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ENVIRONMENT = SandboxedEnvironment()
RANKS = {"accepted": 1, "bounced": 6}
STATUSES = {3: "sent", 6: "delivery_failed"}


class RowLoop(Rival):
    """One row after the other; a transaction for each file or step."""

    commits_each = False
    """Whether each event is durable before the next is looked at, as where each call of a producer is answered."""

    def __init__(self, inputs: Inputs, home: Path) -> None:
        super().__init__(inputs, home)
        self.con = sqlite3.connect(home / "account.db")
        self.con.execute("pragma journal_mode = wal")
        self.con.executescript(TABLES)
        self.templates = pq.read_table(inputs.templates).to_pylist()

    def take_in(self) -> None:
        next_id = FIRST_ID
        for path in self.inputs.events:
            with self.con, path.open() as file:
                for line in file:
                    event = json.loads(line)
                    if reason := fault(event):
                        self.con.execute("insert into rejected_event values (?, ?)", (line, reason))
                        continue
                    inserted = self.con.execute(
                        "insert into event values (?, ?, ?, ?, ?, ?, ?, 'pending', null, null) "
                        "on conflict (event_key) do nothing",
                        (next_id + 1, event["id"], event["type"], event["email"], event["language"], event["created"],
                         json.dumps(event["ctx"])),
                    )  # fmt: skip
                    next_id += inserted.rowcount
                    if self.commits_each:
                        self.con.commit()

    def match(self) -> None:
        latest: dict[str, Any] = {}
        for template in self.templates:
            if template["version"] > latest.get(template["template_id"], {"version": 0})["version"]:
                latest[template["template_id"]] = template
        best: dict[tuple[str, str | None], Any] = {}
        for template in sorted(latest.values(), key=lambda one: (-one["version"], one["template_id"])):
            best.setdefault((template["event_type"], template["language"]), template)
        with self.con:
            pending = self.con.execute("select event_id, event_type, language from event where status = 'pending'")
            for event_id, event_type, language in pending.fetchall():
                found = None
                for spoken in (language, (language or "").partition("-")[0] or None, None):
                    if found := best.get((event_type, spoken)):
                        break
                status = "pending_delivery" if found else "not_taken_into_account"
                self.con.execute(
                    "update event set status = ?, template_id = ?, template_version = ? where event_id = ?",
                    (status, found and found["template_id"], found and found["version"], event_id),
                )

    def hand_over(self) -> None:
        sources = {(one["template_id"], one["version"]): (one["subject"], one["body_text"]) for one in self.templates}
        compiled = {}
        waiting = self.con.execute(
            "select event_id, email, ctx, template_id, template_version from event where status = 'pending_delivery'"
        ).fetchall()
        with self.con, (self.home / "outbox.ndjson").open("w") as outbox:
            for event_id, email, ctx, template_id, version in waiting:
                key, context = (template_id, version), json.loads(ctx)
                if key not in compiled:
                    compiled[key] = [ENVIRONMENT.from_string(text) for text in sources[key]]
                subject, body = (text.render(ctx=context) for text in compiled[key])
                outbox.write(json.dumps({"event_id": event_id, "to": email, "subject": subject, "body": body}) + "\n")
                self.con.execute("insert into hand_over values (?)", (event_id,))

    def take_in_logs(self) -> None:
        for path in self.inputs.logs:
            with self.con:
                for row in pq.read_table(path).to_pylist():
                    at = datetime.fromisoformat(row["logged_at"]).isoformat()
                    self.con.execute(
                        "insert or ignore into delivery_log values (?, ?, ?, ?)",
                        (row["event_id"], row["recipient"], row["kind"], at),
                    )

    def join_logs(self) -> None:
        ranks: dict[int, int] = {}
        for event_id, kind in self.con.execute("select event_id, kind from delivery_log"):
            ranks[event_id] = max(ranks.get(event_id, 0), RANKS.get(kind, 3))
        with self.con:
            for event_id, rank in ranks.items():
                if status := STATUSES.get(rank):
                    self.con.execute("update event set status = ? where event_id = ?", (status, event_id))

    def copy_to_control(self) -> None:
        control = sqlite3.connect(self.home / "control.db")
        control.executescript(CONTROL)
        with control:
            for row in self.con.execute("select * from event"):
                control.execute("insert or replace into event values ('bench', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            for row in self.con.execute("select * from delivery_log"):
                control.execute("insert or replace into delivery_log values ('bench', ?, ?, ?, ?)", row)
        here, there = (sum(hash(row) for row in con.execute("select event_id, status, ctx from event"))
                       for con in (self.con, control))  # fmt: skip
        if here != there:
            raise RuntimeError("the copy differs")

    def statuses(self) -> dict[str, int]:
        return dict(self.con.execute("select status, count(*) from event group by status").fetchall())


def fault(event: dict[str, Any]) -> str | None:
    """Why a row is no event."""
    if not event.get("type"):
        return "no type"
    if not EMAIL.fullmatch(event.get("email") or ""):
        return "malformed address"
    if not isinstance(event.get("ctx"), dict):
        return "ctx is no object"
    try:
        datetime.fromisoformat(event["created"])
    except ValueError:
        return "impossible date"
    return None


def commits_each(inputs: Inputs, home: Path) -> dict[str, object]:
    """Ingestion alone, a commit for each event."""
    rival = RowLoop(inputs, home)
    rival.con.execute("pragma synchronous = full")
    rival.commits_each = True
    start = time.perf_counter()
    rows = rival.ingest()
    return {"stages": {"ingest": {"rows": rows, "seconds": time.perf_counter() - start}}}


if __name__ == "__main__":
    if "--commits-each" in sys.argv:
        print(json.dumps(commits_each(Inputs(Path(sys.argv[1])), Path(sys.argv[2]))))
    else:
        main(RowLoop)
