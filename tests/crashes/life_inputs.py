"""What arrives in the life that the crash tests cut short: templates, event files in several formats, delivery logs."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.contracts.vocabulary import CELL_SIZE

ALPHA, BRAVO, GONE = "alpha", "bravo", "gone"
CELLS = {ALPHA: 3, BRAVO: 5, GONE: 7}
CONNECTIONS = 2
"""Of `bravo` to its mail server: as many messages as a crash may leave unsure."""
BATCH_MESSAGES = 9
"""So that there is a round of several batches, by each sender, and a delivery of more than one batch."""
PURGE_CHUNK_ROWS = 10
ROUTING_SLICE_ROWS = 8
Row = dict[str, Any]

TEMPLATES: tuple[Row, ...] = (
    {"template_id": "order", "event_type": "order", "subject": "Order {{ ctx.n }}", "body_text": "Dear {{ ctx.name }}"},
    {"template_id": "order-fr", "event_type": "order", "language": "fr", "body_text": "Bonjour {{ rtEvent.email }}"},
    {"template_id": "reset", "event_type": "reset", "condition": "ctx.n >= 2", "body_text": "Code {{ ctx.n }}"},
)


def prepare_home(home: Path, *, mail_port: int, closed_port: int) -> None:
    """The roster and the templates of a home where nothing has happened yet."""
    accounts = [
        f'[[account]]\nname = "{ALPHA}"\ncell_id = {CELLS[ALPHA]}\n',
        _smtp_account(BRAVO, mail_port, CONNECTIONS),
        _smtp_account(GONE, closed_port, 1),
    ]
    _write(home / "accounts.toml", "\n".join(accounts).encode())
    rows = [{"channel": "email", "priority": 0, "published_at": None, **row} for row in TEMPLATES]
    _write(home / "templates.ndjson", _lines(rows))


def arrive(home: Path, round_number: int) -> None:
    """The files of a round, into the inboxes."""
    for name, content in _ROUNDS[round_number]().items():
        _write(home / "inbox" / name, content)


def _smtp_account(name: str, port: int, connections: int) -> str:
    return (
        f'[[account]]\nname = "{name}"\ncell_id = {CELLS[name]}\nsender = "smtp"\n'
        f"[account.smtp]\nport = {port}\nconnections = {connections}\n"
    )


def _first_round() -> dict[str, bytes]:
    orders = [_event("order", n) for n in range(1, 11)]
    orders += [
        _event("order", 11, expiration="2026-11-20T00:00:00Z"),
        _event("order", 12, scheduled="2026-11-24T00:00:00Z"),
        _event("order", 13, ctx={"n": 13}),  # cannot be rendered
        _event("unknown", 14),
        _event("order", 15, email="no address"),
        _event("order", 1),
    ]
    csv = "id,type,email,language\n" + "".join(f"o{n},order,c{n}@example.org,fr-CA\n" for n in range(9, 16))
    xml = "".join(
        f'<rtEvent id="x{n}" type="reset" email="x{n}@example.org"><ctx><n>{n}</n></ctx></rtEvent>' for n in range(4)
    )
    mails = [_event("order", n, email=f"{who}+{n}@example.org") for n, who in enumerate(_MAILBOXES, start=1)]
    events = [{"id": f"ce{n}", "source": "/shop", "type": "reset", "specversion": "1.0"} for n in range(1, 4)]
    clouds = [{**event, "data": {"email": "c@example.org", "n": n}} for n, event in enumerate(events, start=1)]
    return {
        f"{ALPHA}/batch/1-orders.ndjson": _lines(orders),
        f"{ALPHA}/batch/2-orders.csv": csv.encode(),
        f"{ALPHA}/batch/3-broken.parquet": b"PAR1 cut short",
        f"{ALPHA}/rt/1-resets.xml": f"<PushEvents>{xml}</PushEvents>".encode(),
        f"{ALPHA}/delivery-logs/1-early.ndjson": _lines(_logs(ALPHA, range(1, 9), "delivered", 9)),
        f"{ALPHA}/delivery-logs/2-parked.ndjson": _lines(_logs(ALPHA, [20, 21], "delivered", 10)),
        f"{ALPHA}/delivery-logs/3-broken.parquet": b"PAR1 cut short too",
        f"{BRAVO}/batch/1-mails.ndjson.gz": gzip.compress(_lines(mails), mtime=0),
        f"{BRAVO}/rt/1-resets.json": json.dumps(clouds).encode(),
        f"{BRAVO}/delivery-logs/1-early.ndjson": _lines(_logs(BRAVO, range(1, 4), "delivered", 9)),
        f"{GONE}/batch/1-mails.ndjson": _lines(_event("order", n) for n in range(1, 4)),
    }


def _second_round() -> dict[str, bytes]:
    logs = [
        *_logs(ALPHA, range(1, 9), "delivered", 9),  # all of them once more
        *_logs(ALPHA, [2, 3], "bounced", 30, reason="550 5.1.1 no such user"),
        *_logs(ALPHA, range(9, 12), "opened", 31),
        {"event_id": "no number", "kind": "delivered", "logged_at": "2026-11-24T09:00:00Z"},
    ]
    return {
        f"{ALPHA}/batch/4-again.ndjson": _first_round()[f"{ALPHA}/batch/1-orders.ndjson"],
        f"{ALPHA}/batch/5-new.ndjson": _lines(_event("order", n) for n in range(12, 22)),
        f"{ALPHA}/delivery-logs/4-late.ndjson": _lines(logs),
        f"{BRAVO}/rt/2-mails.ndjson": _lines(_event("reset", n) for n in range(30, 34)),
        f"{BRAVO}/delivery-logs/2-late.ndjson": _lines(_logs(BRAVO, range(1, 12), "delivered", 30)),
    }


_MAILBOXES = ("deliver", "deliver", "unknown", "policy", "full", "deliver", "bounce")
_ROUNDS = {1: _first_round, 2: _second_round}


def _event(kind: str, number: int, **fields: Any) -> Row:
    context = {"n": number, "name": f"N{number}"}
    return {"id": f"{kind}-{number}", "type": kind, "email": f"a{number}@example.org", "ctx": context} | fields


def _logs(account: str, numbers: Iterable[int], kind: str, hour: int, **fields: Any) -> list[Row]:
    day, hour = 23 + hour // 24, hour % 24
    return [
        {
            "event_id": str(CELLS[account] * CELL_SIZE + number),
            "kind": kind,
            "logged_at": f"2026-11-{day}T{hour:02}:30:{number:02}Z",
            "source_id": f"provider-{number}",
            **fields,
        }
        for number in numbers
    ]


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
