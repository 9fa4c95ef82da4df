"""Event files made to harm whoever reads them: name, content, and what must become of it."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable

import zstandard

GOOD = '{"id": "neighbour", "type": "order", "email": "ada@example.org"}'
NEIGHBOUR_XML = '<rtEvent id="neighbour" type="order" email="ada@example.org"/>'
Content = Callable[[], bytes | str]


def beside(*rows: str) -> bytes:
    """NDJSON rows and the good one behind them."""
    return "\n".join([*rows, GOOD]).encode("utf-8", "surrogatepass")


def event(**fields: object) -> str:
    return json.dumps({"type": "order", "email": "ada@example.org", **fields})


def with_ctx(ctx: str) -> str:
    return f'{{"type": "order", "email": "ada@example.org", "ctx": {ctx}}}'


def packed(content: bytes) -> str:
    """A CloudEvents row with its data in Base64."""
    data = base64.b64encode(content).decode()
    envelope = {"specversion": "1.0", "id": "1", "source": "s", "type": "order", "email": "ada@example.org"}
    return json.dumps(envelope | {"data_base64": data})


def nested(levels: int, inner: str = "1") -> str:
    return '{"a":' * levels + inner + "}" * levels


NUMBERS = ("1e400", "-1e400", "-0", "-0.0", str(2**63), str(2**64), "9" * 5_000, "1e-400", "0.1e1", "1E+2")

BAD_ROWS: dict[str, str] = {
    "data that is no JSON": packed(b"no JSON"),
    "data that is no text": packed(b"\xff\xfe\x00"),
    "data with NaN": packed(b'{"a": NaN}'),
    "data nested deeply": packed(nested(60_000).encode()),
    "ctx nested deeply, without a key": with_ctx(nested(20_000)),
    "ctx of lists nested deeply": with_ctx('{"a":' + "[" * 60_000 + "]" * 60_000 + "}"),
    "ctx as text, nested deeply": event(ctx='{"a":' + "[" * 60_000 + "]" * 60_000 + "}"),
    "nested deeply beside ctx": event()[:-1] + ', "x":' + nested(100_000) + "}",
    "lists that never close": '{"id": ' + "[" * 400_000,
    "a field of ten megabytes": event(id="x" * 10_000_000),
    "a hundred thousand fields": event(**{f"k{number}": number for number in range(100_000)}),
    "NUL alone": "\0",
    "half a character": '{"id": "\\ud800", "type": "order", "email": "ada@example.org"}',
    "half a character in bytes": '{"id": "\ud800", "type": "order", "email": "ada@example.org"}',
    "NaN": with_ctx('{"n": NaN}'),
    "a truth": "true",
}
"""Rows of NDJSON that are no events."""

ODD_ROWS: dict[str, str] = {
    **{f"the number {number[:20]}": with_ctx(f'{{"n": {number}}}') for number in NUMBERS},
    **{f"the id {number[:20]}": event()[:-1] + f', "id": {number}}}' for number in NUMBERS},
    "ctx of ten thousand fields": with_ctx(json.dumps({f"k{number}": number for number in range(9_000)})),
    "a long list": with_ctx(json.dumps({"a": [1] * 40_000})),
    "NUL within": event(id="a\0b", ctx={"a\0b": "\0"}),
    "the same key twice": '{"id": "1", "id": "2", "type": "t", "type": "u", "email": "a@b", "ctx": {"a": 1, "a": 2}}',
    "keys that differ in case or form": event(Type="x")[:-1] + ', "\u00e9": 1, "e\u0301": 2}',
    "keys that look like paths": event(ctx={"": 1, "$": 2, "$.a": 3, "a.b": 4, "*": 5, 'a"b': 6, "a\\b": 7}),
    "SQL": event(id="'; drop table event; --", origin="{} {0} $name %s :x ?", ctx={"'": "\"; select 1; '"}),
    "deep, and still readable": with_ctx(nested(400)),
}
"""Rows of NDJSON that are events all the same."""

UNREADABLE: dict[str, tuple[str, Content]] = {
    "a hundred thousand columns": ("e.csv", lambda: b"type," + ",".join(f"c{n}" for n in range(100_000)).encode()),
    "the same column a hundred thousand times": ("e.csv", lambda: b"type" + b",c" * 100_000),
    "elements around elements": ("e.xml", lambda: b"<a>" * 100_000 + NEIGHBOUR_XML.encode() + b"</a>" * 100_000),
    "entities": ("e.xml", lambda: b'<!DOCTYPE a [<!ENTITY b "c">]><rtEvent type="&b;"/>'),
    "an entity from a file": ("e.xml", lambda: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rtEvent/>'),
    "a document type from elsewhere": ("e.xml", lambda: b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><rtEvent/>'),
    "a gzip bomb": ("e.ndjson.gz", lambda: gzip.compress(b"{}\n" * 20_000_000, mtime=0)),
    "a zstandard bomb": ("e.ndjson.zst", lambda: zstandard.compress(b"\n" * 200_000_000)),
    "garbage behind gzip": ("e.ndjson.gz", lambda: gzip.compress(GOOD.encode(), mtime=0) + b"garbage"),
    "gzip cut short": ("e.ndjson.gz", lambda: gzip.compress(GOOD.encode(), mtime=0)[:-3]),
    "empty gzip members": ("e.ndjson.gz", lambda: gzip.compress(b"", mtime=0) * 100_000),
    "empty zstandard frames": ("e.ndjson.zst", lambda: zstandard.compress(b"") * 100_000),
    "a gzip header that never ends": ("e.csv.gz", lambda: b"\x1f\x8b\x08\x08" + b"x" * 9_000_000),
    "bytes that gzip does not hold": ("e.ndjson.gz", lambda: zlib.compress(GOOD.encode())),
    "newlines alone": ("e.ndjson", lambda: b"\n" * 9_000_000),
    "carriage returns alone": ("e.csv", lambda: b"\r" * 9_000_000),
    "empty objects": ("e.ndjson", lambda: b"{}\n" * 1_000_000),
    "an array of empty objects": ("e.json", lambda: b"[" + b"{}," * 1_000_000 + b"{}]"),
    "empty elements": ("e.xml", lambda: b"<a>" + b"<rtEvent/>" * 500_000 + b"</a>"),
    "strangers": ("e.xml", lambda: b"<a>" + b"<x/>" * 500_000 + NEIGHBOUR_XML.encode() + b"</a>"),
}
"""Files of which nothing can be taken, under a limit of 10 MB."""

ONE_BAD_ELEMENT: dict[str, tuple[str, Content]] = {
    "elements in an event": (
        "e.xml",
        lambda: f"<a>{NEIGHBOUR_XML}<rtEvent>{'<b>' * 50_000}{'</b>' * 50_000}</rtEvent></a>",
    ),
    "an event of many elements": (
        "e.xml",
        lambda: f"<a>{NEIGHBOUR_XML}<rtEvent><ctx>{'<b><c/></b>' * 150_000}</ctx></rtEvent></a>",
    ),
    "a deep element of an array": ("e.json", lambda: f"[{'[' * 100_000}{']' * 100_000}, {GOOD}]"),
    "a long element of an array": ("e.json", lambda: f'[{{"x": [{"[], " * 300_000}[]]}}, {GOOD}]'),
    "a long text in an array": ("e.json", lambda: f'["{"x" * 9_000_000}", {GOOD}]'),
    "a quote that never closes": ("e.csv", lambda: b'type,email,id\nt,"a@b.fr,1\norder,ada@example.org,neighbour\n'),
    "a ragged record": ("e.csv", lambda: b"type,email,id\nt,a@b.fr,1,2\r\norder,ada@example.org,neighbour"),
}
"""Files of one bad row and its good neighbour."""
