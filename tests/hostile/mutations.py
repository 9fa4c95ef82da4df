"""Valid rows, and the same rows damaged: some bytes changed, or parts of their structure."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

VALUES: Final[tuple[str, ...]] = (
    "null", "true", "[]", "{}", '""', "-0", "1e400", "NaN", str(2**64), '"\\ud800"', '"\\u0000"', "'x'", "[[[[1]]]]",
    '"\'); drop table event; --"', '"{{ 7 * 7 }}"', '"${x} {0} %s"', '"2026-02-30"', '"9999-12-31T23:59:59-14:00"',
    '"a@b@c"', '"\\r\\nBcc: eve@example.org"', "41", '"pigeon"', '{"a": ' * 40 + "1" + "}" * 40, "9" * 400,
)  # fmt: skip
BYTES: Final = b"\x00\x01\x08\x1b\"\\{}[],:<>&;'\r\t -+.eE0129\x7f\x80\xbf\xc3\xed\xf0\xff"
Row = dict[str, Any]


def event_row(number: int) -> Row:
    """A valid event, unlike any other number's."""
    channel = number % 3
    addresses = ({"email": f"ada{number}@example.org"}, {"mobilePhone": f"+4477009{number % 100_000:05}"})
    return {
        **({"id": f"event-{number}"} if number % 4 else {"specversion": "1.0", "source": "/shop", "id": str(number)}),
        "type": ("order", "parcel", "password")[channel],
        **addresses[channel % 2],
        "language": "fr-CA",
        "created": "2026-11-23T10:00:00+01:00",
        "ctx": {"order": {"id": number, "total": number / 4, "lines": [{"sku": "a"}, {"sku": "b"}]}},
    }


def log_row(number: int) -> Row:
    """A valid delivery-log row, unlike any other number's."""
    return {
        "event_id": str(3 * 2**56 + number),
        "recipient": f"ada{number}@example.org",
        "kind": ("accepted", "delivered", "bounced", "opened")[number % 4],
        "logged_at": "2026-11-23T10:00:00Z",
        "reason": "250 taken",
        "source_id": f"s{number}",
    }


def mutated_lines(make: Callable[[int], Row], count: int, seed: int) -> Iterator[bytes]:
    """Lines of NDJSON, most of them damaged in some places; lines stay lines, and none is blank."""
    chance = random.Random(seed)
    for number in range(count):
        line = _damaged_structure(make(seed * 10_000_000 + number), chance)
        damaged = bytearray(line.encode("utf-8", "surrogatepass"))
        for _ in range(chance.randint(0, 3)):
            _damage(damaged, chance)
        yield bytes(damaged).replace(b"\n", b" ") if damaged.strip() else b"x"


def _damaged_structure(row: Row, chance: random.Random) -> str:
    """The row as JSON text with perhaps a field lost, renamed, doubled, or of an odd value."""
    fields = [(json.dumps(name), json.dumps(value)) for name, value in row.items()]
    for _ in range(chance.randint(0, 2)):
        at = chance.randrange(len(fields))
        name, value = fields[at]
        odd = chance.choice(VALUES)
        fields[at : at + 1] = chance.choice(
            (
                [],
                [(name.upper(), value)],
                [(name, value), (name, odd)],
                [(name, odd)],
                [(odd, value)],
                [(name, value), ('"x"', odd)],
            )
        )
        if not fields:
            break
    return "{" + ", ".join(f"{name}: {value}" for name, value in fields) + "}"


def _damage(line: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(line) + 1)
    match chance.randrange(5):
        case 0:
            line[at : at + 1] = bytes([chance.choice(BYTES)])
        case 1:
            line[at:at] = bytes([chance.randrange(256)]) * chance.randint(1, 4)
        case 2:
            del line[at : at + chance.randint(1, 6)]
        case 3:
            line[at:at] = line[chance.randrange(len(line) + 1) :][:20]
        case _:
            del line[chance.randint(0, len(line)) :]
