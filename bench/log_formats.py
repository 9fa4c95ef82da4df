"""How fast delivery logs are read: `python -m bench.log_formats [ROWS]`. Figures, not tests."""

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.contracts.provider_logs import LogFormat
from tasks.read_delivery_log import read_log_fields
from tasks.transforms.collect_delivery_logs import normalise_log

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MAIL = "user{}@example.org"


def line(kind: str, number: int) -> str:
    """A line of a log."""
    mail = MAIL.format(number)
    payload: dict[str, object] = {}
    match kind:
        case "canonical":
            payload = {"event_id": str(number), "recipient": mail, "kind": "delivered", "logged_at": NOW.isoformat()}
        case "sendgrid":
            payload = {"event": "delivered", "email": mail, "timestamp": 1763899200 + number, "event_id": str(number)}
            payload |= {"sg_event_id": f"s{number}", "sg_message_id": f"m{number}.filter0", "response": "250 2.0.0 OK"}
        case "ses":
            mail_part = {"messageId": f"m{number}", "destination": [mail], "tags": {"event_id": [str(number)]}}
            said = {"eventType": "Delivery", "mail": mail_part, "delivery": {"recipients": [mail]}}
            payload = {"Type": "Notification", "TopicArn": "arn:x", "MessageId": "n", "Message": json.dumps(said)}
        case _:
            return (
                f"Nov 23 12:00:00 mx postfix/smtp[7]: {number:010X}: to=<{mail}>, relay=mx.example.org[192.0.2.1]:25, "
                "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
            )
    return json.dumps(payload)


def main(rows: int) -> None:
    """Reads a file of each kind, told by itself and by its name."""
    table = Table("format", "rows", "asked for", "seconds", "rows/s")
    kinds: tuple[LogFormat, ...] = ("canonical", "sendgrid", "ses", "postfix")
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            path = Path(folder) / f"{kind}.{'log' if kind == 'postfix' else 'ndjson'}"
            path.write_text("\n".join(line(kind, number) for number in range(rows)))
            for asked in ("auto", kind):
                began = time.perf_counter()
                _, fields = read_log_fields(path, asked, max_bytes=2**31, received_at=NOW)
                logged, _ = normalise_log(fields)
                seconds = time.perf_counter() - began
                if logged.height != rows:
                    raise RuntimeError(f"{kind}: {logged.height} rows of {rows}")
                table.add_row(kind, f"{rows:,}", asked, f"{seconds:.2f}", f"{rows / seconds:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["100000"])[0]))
