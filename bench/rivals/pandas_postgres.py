"""pandas with PostgreSQL: `python -m bench.rivals.pandas_postgres INPUTS HOME`.

Frames hold what a step works on, the database what is kept; rows go in by `copy`.
"""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from jinja2.sandbox import SandboxedEnvironment

from bench.inputs import FIRST_ID, Inputs
from bench.rivals.in_postgres import InPostgres
from bench.rivals.life import main
from bench.rivals.postgres_server import postgres

TABLES = """
create table event (event_id bigint primary key, event_key text unique, event_type text, email text, language text,
    created_at timestamptz, ctx jsonb, status text, template_id text, template_version int);
create table rejected_event (raw text);
create table delivery_log (event_id bigint, recipient text, kind text, logged_at timestamptz,
    primary key (event_id, recipient, kind, logged_at));
create table hand_over (event_id bigint primary key);
create schema control
"""
ROWS = 250_000
SET_TEMPLATE = """
update event set status = changed.status, template_id = changed.template_id, template_version = changed.version
from changed where changed.event_id = event.event_id
"""
SET_STATUS = "update event set status = changed.status from changed where changed.event_id = event.event_id"
WAITING = "select event_id, email, ctx::text as ctx, template_id, template_version from event where status = %s"


class PandasPostgres(InPostgres):
    """Frames of at most 250,000 rows; a transaction for each of them."""

    def __init__(self, inputs: Inputs, home: Path, address: str) -> None:
        super().__init__(inputs, home, address)
        self.run(TABLES)
        self.templates = pd.read_parquet(inputs.templates)

    def copy(self, rows: pd.DataFrame, table: str) -> None:
        """Adds rows to a table."""
        text = io.StringIO()
        rows.to_csv(text, index=False, header=False)
        with self.con.cursor().copy(f"copy {table} ({', '.join(rows.columns)}) from stdin with (format csv)") as copy:
            copy.write(text.getvalue())

    def read(self, query: str, *values: object) -> Iterator[pd.DataFrame]:
        """The rows of a query, in frames."""
        with self.con.transaction(), self.con.cursor("rows") as cursor:
            cursor.execute(query, values)
            while rows := cursor.fetchmany(ROWS):
                yield pd.DataFrame(rows, columns=[column.name for column in cursor.description or ()])

    def take_in(self) -> None:
        accepted = 0
        for path in self.inputs.events:
            lines = pd.Series(path.read_text().splitlines())
            rows = pd.DataFrame.from_records(lines.map(json.loads).tolist())
            valid = (
                rows["type"].notna()
                & rows["email"].str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+")
                & pd.to_datetime(rows["created"], errors="coerce", utc=True).notna()
                & rows["ctx"].map(lambda value: isinstance(value, dict))
            )
            events = rows[valid].drop_duplicates("id")
            known = self.con.execute("select event_key from event where event_key = any(%s)", [events["id"].tolist()])
            events = events[~events["id"].isin({key for (key,) in known.fetchall()})]
            events = pd.DataFrame(
                {
                    "event_id": range(FIRST_ID + accepted + 1, FIRST_ID + accepted + 1 + len(events)),
                    "event_key": events["id"],
                    "event_type": events["type"],
                    "email": events["email"],
                    "language": events["language"],
                    "created_at": events["created"],
                    "ctx": events["ctx"].map(json.dumps),
                    "status": "pending",
                }
            )
            accepted += len(events)
            with self.con.transaction():
                self.copy(events, "event")
                self.copy(pd.DataFrame({"raw": lines[~valid]}), "rejected_event")
        self.run("analyze event")

    def match(self) -> None:
        best = self.templates.sort_values(["version", "template_id"], ascending=[False, True])
        best = best.drop_duplicates("template_id").drop_duplicates(["event_type", "language"])
        best = best[["event_type", "language", "template_id", "version"]].fillna({"language": ""})
        for events in self.read("select event_id, event_type, language from event where status = 'pending'"):
            language = events["language"].fillna("")
            found = events[["event_id"]].assign(template_id=None, version=None)
            for spoken in (language, language.str.partition("-")[0], pd.Series("", index=events.index)):
                asked = pd.DataFrame({"event_type": events["event_type"], "language": spoken})
                match = asked.merge(best, how="left", on=["event_type", "language"])
                found["template_id"] = found["template_id"].where(found["template_id"].notna(), match["template_id"])
                found["version"] = found["version"].where(found["version"].notna(), match["version"])
            found["version"] = found["version"].astype("Int64")
            found["status"] = found["template_id"].notna().map({True: "pending_delivery",
                                                                False: "not_taken_into_account"})  # fmt: skip
            self.change(found, "template_id text, version int, status text", SET_TEMPLATE)

    def change(self, rows: pd.DataFrame, columns: str, statement: str) -> None:
        """Changes events as the rows say."""
        with self.con.transaction():
            self.con.execute(f"create temp table changed (event_id bigint primary key, {columns}) on commit drop")
            self.copy(rows, "changed")
            self.con.execute("analyze changed")
            self.con.execute(statement)

    def hand_over(self) -> None:
        environment = SandboxedEnvironment()
        for number, events in enumerate(self.read(WAITING, "pending_delivery")):
            rendered = []
            texts = self.templates.set_index(["template_id", "version"])[["subject", "body_text"]]
            for (template_id, version), of in events.groupby(["template_id", "template_version"]):
                subject, body = (environment.from_string(text) for text in texts.loc[(template_id, version)])
                contexts = of["ctx"].map(json.loads)
                rendered.append(
                    of[["event_id", "email"]].assign(
                        subject=contexts.map(lambda ctx, text=subject: text.render(ctx=ctx)),
                        body_text=contexts.map(lambda ctx, text=body: text.render(ctx=ctx)),
                    )
                )
            messages = pd.concat(rendered)
            messages.to_parquet(self.home / f"outbox-{number}.parquet", compression="zstd")
            self.copy(messages[["event_id"]], "hand_over")

    def take_in_logs(self) -> None:
        for path in self.inputs.logs:
            rows = pd.read_parquet(path).drop_duplicates()
            with self.con.transaction():
                self.con.execute("create temp table fresh (like delivery_log) on commit drop")
                self.copy(rows, "fresh")
                self.con.execute("insert into delivery_log select * from fresh on conflict do nothing")
        self.run("analyze delivery_log")

    def join_logs(self) -> None:
        best = pd.Series(dtype="int64")
        for log in self.read("select event_id, kind from delivery_log"):
            rank = log["kind"].map({"accepted": 1, "bounced": 6}).fillna(3).astype("int64")
            best = pd.concat([best, rank.groupby(log["event_id"]).max()]).groupby(level=0).max()
        status = best.map({3: "sent", 6: "delivery_failed"}).dropna()
        changed = pd.DataFrame({"event_id": status.index, "status": status.to_numpy()})
        for start in range(0, len(changed), ROWS):
            self.change(changed.iloc[start : start + ROWS], "status text", SET_STATUS)


if __name__ == "__main__":
    with postgres(Path(sys.argv[2])) as server:
        main(lambda inputs, home: PandasPostgres(inputs, home, server))
