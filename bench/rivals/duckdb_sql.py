"""Bare DuckDB SQL with next to no checks, the yardstick of the engine: `python -m bench.rivals.duckdb_sql`."""

import json
import sys
import time
from pathlib import Path

import duckdb

from bench.inputs import FIRST_ID, Inputs
from bench.rivals.life import Rival, main

READ_NDJSON = """
read_json($files, format = 'newline_delimited',
    columns = {id: 'varchar', type: 'varchar', email: 'varchar', language: 'varchar', created: 'varchar', ctx: 'json'})
"""
READ_PARQUET = "read_parquet($files)"
BARE_TABLE = """
create table event (id varchar, type varchar, email varchar, language varchar, created varchar, ctx json)
"""
TABLES = """
create table event (event_id bigint, event_key varchar, event_type varchar, email varchar, language varchar,
    created_at timestamptz, ctx json, status varchar, template_id varchar, template_version integer);
create table rejected_event (line bigint, raw varchar);
create table delivery_log (event_id bigint, recipient varchar, kind varchar, logged_at timestamptz);
create table hand_over (event_id bigint);
"""
INGEST = f"""
create temp table received as select row_number() over () as line, * from {READ_NDJSON};
create temp table valid as
select line, id, type, email, language, try_cast(created as timestamptz) as created_at, ctx from received
where type is not null and regexp_full_match(email, '[^@ ]+@[^@ ]+\\.[^@ ]+')
    and try_cast(created as timestamptz) is not null and json_type(ctx) = 'OBJECT';
insert into event
select {FIRST_ID} + row_number() over (order by line), id, type, email, language, created_at, ctx, 'pending', null, null
from valid semi join (select min(line) as line from valid group by id) using (line)
where not exists (from event where event_key = valid.id)
order by line;
insert into rejected_event select line, received::varchar from received anti join valid using (line);
"""  # noqa: S608 # a constant
ROUTE = """
create temp table winner as
with latest as (
    select * from read_parquet($templates)
    qualify row_number() over (partition by template_id order by version desc) = 1
)
select situation.*, arg_min(template, (-coalesce(length(template.language), 0), -template.version,
    template.template_id)) as best
from (select distinct event_type, language from event where status = 'pending') as situation
join latest as template on template.event_type = situation.event_type and (template.language is null
    or template.language in (situation.language, split_part(situation.language, '-', 1)))
group by all;
update event set status = case when best is null then 'not_taken_into_account' else 'pending_delivery' end,
    template_id = best.template_id, template_version = best.version
from (select event.rowid as row, best from event left join winner on winner.event_type = event.event_type
    and winner.language is not distinct from event.language where status = 'pending' order by event.rowid) as matched
where event.rowid = matched.row;
"""
RENDERED = """
replace(replace(replace({}, '{{{{ ctx.name }}}}', ctx ->> '$.name'), '{{{{ ctx.order.id }}}}', ctx ->> '$.order.id'),
    '{{{{ ctx.order.total }}}}', ctx ->> '$.order.total')
"""
DELIVER = f"""
copy (select event_id, email, {RENDERED.format("subject")} as subject, {RENDERED.format("body_text")} as body_text
    from event join read_parquet($templates) as template
    on template.template_id = event.template_id and template.version = event.template_version
    where status = 'pending_delivery') to '$outbox' (format parquet, compression zstd);
insert into hand_over select event_id from event where status = 'pending_delivery';
"""  # noqa: S608 # a constant
COLLECT = """
insert into delivery_log
select distinct event_id, recipient, kind, logged_at::timestamptz as logged_at from read_parquet($files) as log
where not exists (from delivery_log as known where known.event_id = log.event_id and known.kind = log.kind
    and known.recipient = log.recipient and known.logged_at = log.logged_at::timestamptz);
"""
UPDATE = """
update event set status = case when rank = 3 then 'sent' when rank = 6 then 'delivery_failed' else status end
from (select event.rowid as row, max(case kind when 'bounced' then 6 when 'accepted' then 1 else 3 end) as rank
    from delivery_log join event using (event_id) group by all order by 1) as best
where event.rowid = best.row;
"""
ARCHIVE = """
create table control.event as select 'bench' as account, * from event;
create table control.delivery_log as select 'bench' as account, * from delivery_log;
"""
CHECKSUM = "select count(*), sum(hash(event_id, status, ctx)) from {}"


def statements(script: str) -> list[str]:
    """One by one."""
    return [statement for statement in script.split(";\n") if statement.strip()]


class DuckdbSql(Rival):
    """Set-based SQL, a transaction for each step."""

    def __init__(self, inputs: Inputs, home: Path) -> None:
        super().__init__(inputs, home)
        self.con = duckdb.connect(str(home / "account.duckdb"))
        self.con.execute(f"set memory_limit = '6GB'; set temp_directory = '{home}/spill'; set timezone = 'UTC'")
        self.con.execute(TABLES)

    def run(self, script: str, **values: object) -> None:
        """The statements in one transaction, written down to the file."""
        self.con.execute("begin")
        for statement in statements(script):
            text = statement.replace("$outbox", str(self.home / "outbox.parquet"))
            self.con.execute(text, {name: value for name, value in values.items() if f"${name}" in text})
        self.con.execute("commit")
        self.con.execute("checkpoint")

    def take_in(self) -> None:
        self.run(INGEST, files=[str(path) for path in self.inputs.events])

    def match(self) -> None:
        self.run(ROUTE, templates=str(self.inputs.templates))

    def hand_over(self) -> None:
        self.run(DELIVER, templates=str(self.inputs.templates))

    def take_in_logs(self) -> None:
        self.run(COLLECT, files=[str(path) for path in self.inputs.logs])

    def join_logs(self) -> None:
        self.run(UPDATE)

    def copy_to_control(self) -> None:
        self.con.execute(f"attach '{self.home}/control.duckdb' as control")
        self.run(ARCHIVE)
        self.con.execute("checkpoint control")
        here, there = (self.con.execute(CHECKSUM.format(table)).fetchall() for table in ("event", "control.event"))
        if here != there:
            raise RuntimeError(f"{here} is not {there}")

    def statuses(self) -> dict[str, int]:
        return dict(self.con.execute("select status, count(*) from event group by status").fetchall())


def insert_bare(files: list[Path], reader: str, home: Path) -> float:
    """Seconds of `insert ... from` the files into a table, made durable, with no check at all."""
    with duckdb.connect(str(home / "bare.duckdb")) as con:
        con.execute(BARE_TABLE)
        start = time.perf_counter()
        con.execute(f"insert into event from {reader}", {"files": [str(path) for path in files]})
        con.execute("checkpoint")
        seconds = time.perf_counter() - start
    (home / "bare.duckdb").unlink()
    return seconds


def bare(inputs: Inputs, home: Path) -> dict[str, object]:
    """The yardstick of ingestion."""
    rows = inputs.expected.rows
    ndjson = insert_bare(inputs.events, READ_NDJSON, home)
    parquet = insert_bare(inputs.events_parquet, READ_PARQUET, home)
    stages = {"ingest": {"rows": rows, "seconds": ndjson}, "ingest_parquet": {"rows": rows, "seconds": parquet}}
    return {"stages": stages}


if __name__ == "__main__":
    if "--bare" in sys.argv:
        print(json.dumps(bare(Inputs(Path(sys.argv[1])), Path(sys.argv[2]))))
    else:
        main(DuckdbSql)
