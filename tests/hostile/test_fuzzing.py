"""A coverage-guided fuzzer on every parser, from small seeds of our own; what it finds is kept beside the test.

`FUZZ_SECONDS` says how long each parser is tried by `make test-long`.
"""

import gzip
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hostile.mutations import event_row, log_row
from provider_payloads import EXIM, PAYLOADS, POSTFIX, WITHOUT_EVENT_ID, dsn

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
HANGS_AFTER_SECONDS = 20
MEMORY_MEGABYTES = 3_000


def parquet(rows: list[dict[str, object]]) -> bytes:
    made = io.BytesIO()
    pl.DataFrame(rows).write_parquet(made)
    return made.getvalue()


def csv(rows: list[dict[str, object]]) -> bytes:
    return pl.DataFrame(rows).write_csv().encode()


EVENTS = [event_row(number) for number in range(5)]
FLAT = [{name: json.dumps(value) if name == "ctx" else value for name, value in row.items()} for row in EVENTS[1:2]]
TEMPLATE: dict[str, object] = {
    "template_id": "t",
    "event_type": "order",
    "condition": "ctx.a > 1",
    "body_text": "{{ ctx.a }}",
}
LINES = b"\n".join(json.dumps(row).encode() for row in [*EVENTS, log_row(1)])
XML = (
    b'<PushEvents><rtEvent id="1" type="order" email="a@b.fr"><ctx><a b="c">1</a><a/></ctx></rtEvent><x/></PushEvents>'
)
SEEDS: dict[str, list[bytes]] = {
    "events": [LINES, XML, csv(FLAT), json.dumps(EVENTS).encode(), parquet(FLAT), gzip.compress(LINES, mtime=0)],
    "events.ndjson": [LINES],
    "events.json": [json.dumps(EVENTS).encode(), json.dumps(EVENTS[0], indent=1).encode(), LINES],
    "events.csv": [csv(FLAT), b'type;email;ctx\r\norder;a@b.fr;"{""a"": ""x\ny""}"\r\n'],
    "events.xml": [XML, b"<?xml version='1.0'?><!--x--><rtEvent type='t'><![CDATA[x]]><?pi x?></rtEvent>"],
    "events.parquet": [parquet(FLAT), parquet([{"type": "t", "n": [1, 2], "s": {"a": 1.5}}])],
    "events.csv.gz": [gzip.compress(csv(FLAT), mtime=0)],
    "events.csv.zst": [zstandard.compress(csv(FLAT))],
    "templates.toml": [b'event_type = "order"\nbody_text = "x"\npriority = 1\npublished_at = 2026-01-01T00:00:00Z\n'],
    "templates.csv": [csv([TEMPLATE])],
    "templates.ndjson": [json.dumps(TEMPLATE).encode()],
    "templates.parquet": [parquet([TEMPLATE])],
    "condition": [
        b"ctx.a.b[0] > 1.5 and lower(email) like '%x_' or not ctx.v is null",
        b"case when cast(ctx.\"a\" as double) in (1, 2) then true else coalesce(ctx.b, 'x') between 'a' and 'z' end",
        b"ctx ->> '$.a[1]' = 'x' and created_at > '2026-01-01T00:00:00Z'",
    ],
    "text": [
        b"{% for l in lines %}{{ loop.index }}{{ l * 2 }}{% endfor %}{{ name | upper ~ 'x' }}",
        b"{% set a = 1 %}{% macro f(n) %}{{ '%s' % n }}{% endmacro %}{{ f(a) }}{{ [a, name] | join('-') }}",
    ],
    "roster": [b'[[account]]\nname = "a"\ncell_id = 1\narchive_every = "PT1H"\n[account.smtp]\nport = 25\n'],
    "query": [
        b"select status, count(*) from event group by all order by 2 desc limit 3",
        b"from read_csv('secret.csv')",
        b"copy (pivot event on status using count(*)) to 'x.csv'",
        b"attach 'y.db' as y; create table y.t as from event; set a = 1; pragma version; select 1",
        b"pivot (from event) on status using count(*); with a as (select 1) select * from a, unnest([1, 2]) t(b)",
    ],
    "fields": [
        b"2026-02-30T25:00:00+01:00\n1e400\n20261123T100000Z\n2026-11-23 10:00\nada@example.org\n+44 (7700) 900-123",
        'ada.b+c@b\u00fccher.example\n\u0661\u0662\u0663\n41\nfr_CA\n=cmd|x\n\x00\n"a b"@c'.encode(),
    ],
    "clock": [b"2026-11-23T12:00:00Z", b"20261123T120000+0100", b"0001-01-01T00:00:00+14:00", b"2026-W48-1"],
    "log": [
        *(json.dumps(payload("7")).encode() for payload in PAYLOADS.values()),
        *(json.dumps(payload).encode() for payload in WITHOUT_EVENT_ID.values()),
        *(text.encode() for text in (POSTFIX, EXIM, dsn("7"))),
    ],
    "journal": [b'{"event_id": "1", "at": "2026-11-23T12:00:00+00:00", "outcome": "taken", "kind": "accepted"}\n'],
}


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no package for this platform")
@pytest.mark.parametrize("parser", SEEDS)
def test_no_input_crashes_or_holds_a_parser(tmp_path: Path, parser: str) -> None:
    corpus, found = tmp_path / "corpus", tmp_path / "found"
    corpus.mkdir()
    found.mkdir()
    for number, seed in enumerate(SEEDS[parser]):
        (corpus / str(number)).write_bytes(seed)
    command = [
        sys.executable, "-m", "hostile.fuzz_parsers", parser, str(corpus), f"-max_total_time={SECONDS}", "-seed=1",
        f"-timeout={HANGS_AFTER_SECONDS}", f"-rss_limit_mb={MEMORY_MEGABYTES}", "-max_len=20000",
        f"-artifact_prefix={found}/",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)
    print(*[line for line in done.stderr.splitlines() if line.startswith(("Done", "#"))][-1:])
    findings = [f"{path}: {path.read_bytes()[:500]!r}" for path in found.iterdir()]
    assert (done.returncode, findings) == (0, []), done.stderr[-4_000:]
