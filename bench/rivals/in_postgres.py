"""What the rivals in PostgreSQL share: a connection, the archive, and the statuses in the end."""

from pathlib import Path

import psycopg

from bench.inputs import Inputs
from bench.rivals.life import Rival

ARCHIVE = """
create table control.event as select 'bench' as account, * from event;
create table control.delivery_log as select 'bench' as account, * from delivery_log;
alter table control.event add primary key (account, event_id);
alter table control.delivery_log add primary key (account, event_id, recipient, kind, logged_at)
"""
CHECKSUM = "select count(*), sum(hashtextextended(event_id || status || ctx::text, 0)) from {}"


class InPostgres(Rival):
    """A rival that keeps its rows in PostgreSQL."""

    def __init__(self, inputs: Inputs, home: Path, address: str) -> None:
        super().__init__(inputs, home)
        self.con = psycopg.connect(address, autocommit=True)

    def run(self, script: str) -> None:
        """The statements in one transaction."""
        with self.con.transaction():
            for statement in script.split(";\n"):
                self.con.execute(statement)

    def copy_to_control(self) -> None:
        self.run(ARCHIVE)
        here, there = (self.con.execute(CHECKSUM.format(table)).fetchall() for table in ("event", "control.event"))
        if here != there:
            raise RuntimeError(f"{here} is not {there}")

    def statuses(self) -> dict[str, int]:
        return dict(self.con.execute("select status, count(*) from event group by status").fetchall())
