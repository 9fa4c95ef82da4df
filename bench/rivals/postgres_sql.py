"""The same set-based steps in PostgreSQL: `python -m bench.rivals.postgres_sql INPUTS HOME`."""

import sys
from pathlib import Path

import pyarrow.parquet as pq

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
create table template (template_id text, version int, event_type text, language text, subject text, body_text text,
    primary key (template_id, version));
create table hand_over (event_id bigint primary key);
create table outbox (event_id bigint, recipient text, subject text, body_text text);
create schema control;
create unlogged table received (line bigint generated always as identity, document jsonb);
create unlogged table received_log (event_id bigint, recipient text, kind text, logged_at timestamptz);
"""
AS_LINES = "copy received (document) from stdin with (format csv, quote e'\\x01', delimiter e'\\x02')"
INGEST = f"""
with firsts as (
    select distinct on (document ->> 'id') line, document from received where {{valid}}
    order by document ->> 'id', line
)
insert into event
select {FIRST_ID} + (select count(*) from event) + row_number() over (order by line), document ->> 'id',
    document ->> 'type', document ->> 'email', document ->> 'language', (document ->> 'created')::timestamptz,
    document -> 'ctx', 'pending'
from firsts where not exists (select from event where event_key = document ->> 'id');
insert into rejected_event select document::text from received where ({{valid}}) is not true;
truncate received
"""  # noqa: S608 # a constant
VALID = r"""
document ->> 'type' is not null and document ->> 'email' ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$'
and document ->> 'created' ~ '^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$'
and jsonb_typeof(document -> 'ctx') = 'object'
"""
ROUTE = """
create temp table winner on commit drop as
with latest as (select distinct on (template_id) * from template order by template_id, version desc),
situation as (select distinct event_type, language from event where status = 'pending')
select distinct on (situation.event_type, situation.language) situation.*, template_id, version
from situation left join latest on latest.event_type = situation.event_type and (latest.language is null
    or latest.language in (situation.language, split_part(situation.language, '-', 1)))
order by situation.event_type, situation.language, length(latest.language) desc nulls last, version desc, template_id;
update event set
    status = case when winner.template_id is null then 'not_taken_into_account' else 'pending_delivery' end,
    template_id = winner.template_id, template_version = winner.version
from winner where event.status = 'pending' and winner.event_type = event.event_type
    and coalesce(winner.language, '') = coalesce(event.language, '')
"""
RENDERED = """
replace(replace(replace({}, '{{{{ ctx.name }}}}', ctx ->> 'name'), '{{{{ ctx.order.id }}}}', ctx #>> '{{order,id}}'),
    '{{{{ ctx.order.total }}}}', ctx #>> '{{order,total}}')
"""
DELIVER = f"""
insert into outbox select event_id, email, {RENDERED.format("subject")}, {RENDERED.format("body_text")}
from event join template on template.template_id = event.template_id and version = template_version
where status = 'pending_delivery';
insert into hand_over select event_id from event where status = 'pending_delivery'
"""  # noqa: S608 # a constant
COLLECT = "insert into delivery_log select distinct * from received_log on conflict do nothing; truncate received_log"
UPDATE = """
update event set status = case rank when 3 then 'sent' when 6 then 'delivery_failed' else status end
from (select event_id, max(case kind when 'bounced' then 6 when 'accepted' then 1 else 3 end) as rank
    from delivery_log group by event_id) as best
where best.event_id = event.event_id
"""


class PostgresSql(InPostgres):
    """Set-based SQL and `copy`, a transaction for each file or step."""

    def __init__(self, inputs: Inputs, home: Path, address: str) -> None:
        super().__init__(inputs, home, address)
        self.run(TABLES)
        columns = ["template_id", "version", "event_type", "language", "subject", "body_text"]
        with self.con.cursor().copy(f"copy template ({', '.join(columns)}) from stdin") as copy:
            for row in pq.read_table(inputs.templates, columns=columns).to_pylist():
                copy.write_row([row[name] for name in columns])
        self.run("analyze template")

    def take_in(self) -> None:
        for path in self.inputs.events:
            with self.con.cursor().copy(AS_LINES) as copy, path.open("rb") as file:
                while content := file.read(2**20):
                    copy.write(content)
            self.run(INGEST.format(valid=VALID))
        self.run("analyze event")

    def match(self) -> None:
        self.run(ROUTE)
        self.run("analyze event")

    def hand_over(self) -> None:
        self.run(DELIVER)

    def take_in_logs(self) -> None:
        for path in self.inputs.logs:
            with self.con.cursor().copy("copy received_log from stdin") as copy:
                for row in zip(*pq.read_table(path).to_pydict().values(), strict=True):
                    copy.write_row(row)
            self.run(COLLECT)
        self.run("analyze delivery_log")

    def join_logs(self) -> None:
        self.run(UPDATE)


if __name__ == "__main__":
    with postgres(Path(sys.argv[2])) as server:
        main(lambda inputs, home: PostgresSql(inputs, home, server))
