"""Writes rows of canonical field names as the files that callers send, in every format and spelling."""

import csv
import gzip
import io
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import polars as pl
import zstandard

Row = dict[str, Any]
CAMEL = {
    "mobile_phone": "mobilePhone", "registration_token": "registrationToken", "wished_channel": "wishedChannel",
    "external_id": "externalId",
}  # fmt: skip
FORMATS = (
    "ndjson", "csv", "parquet", "push.xml", "cloud.ndjson", "soap.xml.gz", "ndjson.zst", "csv.gz", "cloud.json",
    "typed.parquet", "push.xml.zst", "ndjson.gz",
)  # fmt: skip


def speaks_text_only(file_format: str) -> bool:
    """Whether the format has no types: everything in `ctx` is text."""
    return "xml" in file_format


def spelled(row: Row, rng: random.Random) -> Row:
    """The row as a caller spells it, unknown fields beside the known ones."""
    named = {(CAMEL.get(name, name) if rng.random() < 0.5 else name): value for name, value in row.items()}
    return {name: value for name, value in named.items() if name not in ("unknown", "source")} | row.get("unknown", {})


def cloud_event(row: Row, rng: random.Random) -> Row:
    inner = {name: value for name, value in row.items() if name not in ("id", "source", "type", "created")}
    if inner["origin"] == row["source"]:
        del inner["origin"]  # where an event does not say, its source is where it comes from
    envelope = {"specversion": "1.0", "source": row["source"], "id": row["id"].removeprefix(row["source"] + " ")}
    names = {"type": "type", "created": "time"}
    return envelope | {names[name]: row[name] for name in names if name in row} | {"data": spelled(inner, rng)}


def json_lines(rows: list[Row], rng: random.Random) -> str:
    lines = [row["broken"] if "broken" in row else json.dumps(spelled(row, rng), ensure_ascii=False) for row in rows]
    return "\n".join(lines) + "\n"


def table(rows: list[Row], rng: random.Random) -> tuple[list[str], list[Row]]:
    """Columns and rows of flat values: `ctx` as JSON text, one spelling per column."""
    names = list(dict.fromkeys(name for row in rows for name in (*row, *row.get("unknown", {}))))
    names = [name for name in names if name not in ("unknown", "source")]
    spelling = {name: CAMEL.get(name, name) if rng.random() < 0.5 else name for name in names}
    flat = []
    for row in rows:
        values = {**row, **row.get("unknown", {})}
        if "ctx" in row and not isinstance(row["ctx"], str):
            values["ctx"] = json.dumps(row["ctx"], ensure_ascii=rng.random() < 0.5)
        flat.append({spelling[name]: values.get(name) for name in names})
    return list(spelling.values()), flat


def csv_text(rows: list[Row], rng: random.Random) -> str:
    columns, flat = table(rows, rng)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator=rng.choice(["\n", "\r\n"]))
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def parquet_bytes(rows: list[Row], rng: random.Random, *, typed: bool) -> bytes:
    columns, flat = table(rows, rng)
    data: dict[str, pl.Series] = {}
    for column in columns:
        values = [None if row[column] is None else str(row[column]) for row in flat]
        if typed and column in ("created", "scheduled", "expiration"):
            instants = [value and datetime.fromisoformat(value) for value in values]
            data[column] = pl.Series(column, instants, pl.Datetime("us", "UTC"))
        else:
            data[column] = pl.Series(column, values, pl.String)
    out = io.BytesIO()
    pl.DataFrame(data).write_parquet(out)
    return out.getvalue()


def xml_elements(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(xml_elements(name, one) for one in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml_elements(key, one) for key, one in value.items())}</{name}>"
    return f"<{name}>{escape(value)}</{name}>"


def xml_text(rows: list[Row], queue: str, rng: random.Random, *, envelope: bool) -> str:
    elements = []
    for row in rows:
        fields = {name: value for name, value in spelled(row, rng).items() if name != "ctx"}
        attributes = "".join(f" {name}={quoteattr(str(value))}" for name, value in fields.items())
        inner = xml_elements("ctx", row["ctx"]) if "ctx" in row else ""
        elements.append(f"<{queue}Event{attributes}>{inner}</{queue}Event>")
    body = "\n".join(elements)
    if not envelope:
        return f"<?xml version='1.0' encoding='UTF-8'?>\n<PushEvents>{body}</PushEvents>\n"
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    push = f"<urn:PushEvents xmlns:urn='urn:nms:{queue}Event'><urn:domEventCollection><{queue}EventCollection>{body}"
    tail = f"</{queue}EventCollection></urn:domEventCollection></urn:PushEvents>"
    return f"<s:Envelope xmlns:s='{soap}'><s:Header/><s:Body>{push}{tail}</s:Body></s:Envelope>"


def write_events(path: Path, rows: list[Row], file_format: str, queue: str, rng: random.Random) -> Path:
    """Writes the rows; `path` gets the format's ending."""
    if "parquet" in file_format:
        content = parquet_bytes(rows, rng, typed="typed" in file_format)
    elif "xml" in file_format:
        content = xml_text(rows, queue, rng, envelope="soap" in file_format).encode()
    elif "csv" in file_format:
        content = csv_text(rows, rng).encode()
    elif file_format == "cloud.json":
        content = json.dumps([cloud_event(row, rng) for row in rows], indent=1).encode()
    elif "cloud" in file_format:
        content = "\n".join(json.dumps(cloud_event(row, rng)) for row in rows).encode()
    else:
        content = json_lines(rows, rng).encode()
    if file_format.endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    elif file_format.endswith(".zst"):
        content = zstandard.compress(content)
    path = path.with_name(f"{path.name}.{file_format}")
    path.write_bytes(content)
    return path
