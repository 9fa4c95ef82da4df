"""Writes events into an inbox at a steady pace, as a process of its own; each file written, synced, then named."""

import json
import os
import time
from pathlib import Path

NOTE = "x" * 220


def produce(inbox: Path, told: Path, *, rate: float, seconds: float, per_file: int, types: int) -> None:
    """Writes so many events a second, and into `told` when each of them arrived: right after its file was renamed."""
    arrived: list[tuple[str, float]] = []
    begin, files = time.time(), round(rate * seconds / per_file)
    for file in range(files):
        time.sleep(max(0.0, begin + file * per_file / rate - time.time()))
        numbers = range(file * per_file, (file + 1) * per_file)
        at = drop(inbox / f"{file:08}.{'json' if per_file == 1 else 'ndjson'}", [event(n, types) for n in numbers])
        arrived += [(f"e{number}", at) for number in numbers]
    told.write_text(json.dumps(arrived))


def event(number: int, types: int) -> dict[str, object]:
    """An event with a `ctx` of about 300 bytes."""
    context = {"name": "Ada", "order": {"id": number, "total": 12.5}, "note": NOTE}
    email = f"user{number}@example.org"
    return {"id": f"e{number}", "type": f"type-{number % types}", "email": email, "language": "fr", "ctx": context}


def drop(path: Path, events: list[dict[str, object]]) -> float:
    """A file that is whole once it has its name; returns when it had."""
    part = path.with_name(f"{path.name}.part")
    with part.open("w") as file:
        file.write("\n".join(map(json.dumps, events)))
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return time.time()
