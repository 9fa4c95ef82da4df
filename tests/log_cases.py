"""Real payloads with what they should come to, read where they lie; and the fields that our formats make of them."""

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dataframely as dy
import polars as pl

from tasks.contracts.collect_delivery_logs import LogFields
from tasks.contracts.ingest_events import ReceivedRow
from tasks.contracts.provider_logs import LogFormat
from tasks.exchange.delivery_logs.dsn import dsn_fields
from tasks.exchange.delivery_logs.exim import exim_fields
from tasks.exchange.delivery_logs.postfix import postfix_fields
from tasks.read_delivery_log import log_fields

FOLDER = Path(__file__).parents[2] / "shared" / "cases"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def cases(name: str) -> Iterator[dict[str, Any]]:
    for line in (FOLDER / f"{name}.ndjson").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def of_payload(*payloads: Any, log_format: LogFormat = "auto") -> dy.DataFrame[LogFields]:
    """The fields of JSON payloads, a line each."""
    texts = [payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads]
    rows = pl.DataFrame({"document": texts}, schema={"document": pl.String}).select(
        line=pl.int_range(1, pl.len() + 1), raw="document", document="document", problem=pl.lit(None, pl.String)
    )
    return log_fields(ReceivedRow.validate(rows), log_format, received_at=NOW)


def of_case(case: dict[str, Any]) -> dy.DataFrame[LogFields]:
    """The fields of a case, whatever it is."""
    payload = case["payload"]
    if case["payload_kind"] in {"log_line", "log_fragment"}:
        read = exim_fields if case["esp"].startswith("exim") else postfix_fields
        texts = payload.get("lines") or [payload["line"]]
        return read(pl.DataFrame({"line": range(1, len(texts) + 1), "raw": texts}), received_at=NOW)
    if case["payload_kind"] == "rfc822":
        packed = payload.get("raw_email_base64")
        mail = b64decode(packed) if packed else payload["raw_email"].encode(errors="surrogateescape")
        return dsn_fields(mail, received_at=NOW)
    return of_payload(payload)
