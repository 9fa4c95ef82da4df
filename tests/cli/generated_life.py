"""A seeded generator of everything a life is made of: events, templates, delivery logs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from cli.generated_conditions import CONDITIONS
from cli.generated_events import TYPES, EventGenerator
from reference_life import KINDS, LogRow, Template

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TEMPLATE_LANGUAGES = (None, None, "en", "en-US", "fr", "fr_CA", "FR-ca-X", "zh", "zh-hant", "de'--", "de")


@dataclass
class Generator(EventGenerator):
    def templates(self, *, ids: range) -> Iterator[Template]:
        rng = self.rng
        for number_ in ids:
            at = START + timedelta(hours=rng.randint(-200, 60))
            for version in range(1, rng.choice([2, 2, 3, 4])):
                template = Template(
                    template_id=f"t{number_:03}",
                    version=version,
                    event_type=rng.choice(TYPES),
                    channel=rng.choice(["email", "email", "sms", "ios", "android"]),
                    published_at=at,
                    queue=rng.choice([None, None, "batch", "rt"]),
                    language=rng.choice(TEMPLATE_LANGUAGES),
                    priority=rng.choice([0, 0, 0, 1, -1, 5]),
                    condition=rng.choice(CONDITIONS) if rng.random() < 0.4 else None,
                    paused=rng.random() < 0.08,
                )
                at += timedelta(hours=rng.randint(1, 60))
                if rng.random() < 0.25:
                    template.unpublished_at = template.published_at + timedelta(hours=rng.randint(1, 100))
                yield template

    def log_rows(self, ids: list[int], size: int, now: datetime) -> list[LogRow]:
        rng = self.rng
        rows: list[LogRow] = []
        for _ in range(size):
            if rows and rng.random() < 0.1:
                rows.append(rng.choice(rows))
                continue
            event_id: int | None = rng.choice([*rng.choices(ids, k=12), max(ids) + rng.randint(1, 300), 2**56 * 99 + 5])
            message = f"m-{event_id}" if rng.random() < 0.3 else None
            if message and rng.random() < 0.5:
                event_id = None
            kind = rng.choice((*KINDS[:-1], "teleported", "delivered", "delivered"))
            at = now + timedelta(minutes=rng.choice([-10, 0, 5, 5, 60, 61]))
            recipient, source = rng.choice(["A@x.fr", "a@x.fr", None]), rng.choice([None, "s1", "s2"])
            about = event_id or message
            told = f"{kind} {about} {at:%H:%M} {str(recipient).lower()} {source}"
            reason = told if crc32(told.encode()) % 2 else None  # one key, one reason
            rows.append(LogRow(event_id, message, recipient, kind, at, reason, source))
        return rows
