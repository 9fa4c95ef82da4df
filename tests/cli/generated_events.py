"""A seeded generator of events: every field, odd values, second copies, and rows with something wrong."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from cli.event_files import Row, speaks_text_only

TYPES = ("order_confirmed", "password_reset", "parcel shipped", "o'brien; drop table event; --", "Тип-ü😀", "invoice")
UNHEARD_TYPES = ("never_published", "Order_Confirmed")
LANGUAGES = (
    None, None, "en", "en-US", "en_us", "EN-gb", "fr", "fr-CA", "fr_CA", "FR", "fr-ca-x-quebec", "frr", "f",
    "zh-Hant-TW", "zh_hant", "de'--", "x" * 300,
)  # fmt: skip
COUNTRIES = ("FR", "DE", "US", "F'R", None)
AMOUNTS: tuple[Any, ...] = (
    0, 9, 10, 50, 50.5, 51, 60, 1000, -1, "9", "60", "50.0", "1e3", "abc", None, [99], {"v": 99},
)  # fmt: skip
CHANNEL_NAMES: dict[str, list[Any]] = {
    "email": [0, "0", "email"], "sms": [1, "1", "sms"], "ios": [41, "ios"], "android": ["42", "android"],
}  # fmt: skip
NO_DATES = ("yesterday", "2026-02-30T10:00:00Z", "2026-13-01T00:00:00Z", "2026-11-20T25:00:00Z")
WRONGS: tuple[Row, ...] = (
    {"type": None},
    *({"wished_channel": name} for name in ("fax", "2", "999", "-1", "email;")),
    {"wished_channel": "sms", "mobile_phone": None},
    *({"wished_channel": "email", "email": text} for text in ("nobody", "a@", "@b.fr", "a b@c.fr", "a@@b.fr")),
    *({"wished_channel": "sms", "mobile_phone": text} for text in ("call me", "12", "+", "0612-x")),
    {"ctx": {"blob": "x" * 131_073}},
    *({"ctx": value} for value in ([1, 2], "some text", 7)),
    *({name: text} for name in ("created", "scheduled", "expiration") for text in NO_DATES),
)
"""What spoils a row: fields that it gets or, where null, loses."""


@dataclass
class EventGenerator:
    """Rows as callers send them."""

    seed: int
    rng: random.Random = field(init=False)
    sent: list[Row] = field(default_factory=list)
    serial: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)

    def instant(self, start: datetime, hours: int) -> str:
        at = start + timedelta(seconds=self.rng.randint(-3600 * hours, 3600 * hours))
        zone = self.rng.choice([UTC, timezone(timedelta(hours=1)), timezone(timedelta(hours=-9, minutes=-30))])
        text = at.astimezone(zone).isoformat(timespec=self.rng.choice(["seconds", "milliseconds"]))
        return text.replace("+00:00", "Z") if self.rng.random() < 0.5 else text

    def ctx(self, *, text_only: bool) -> dict[str, Any]:
        rng = self.rng
        ctx: dict[str, Any] = {"serial": f"s{self.serial}"}
        if rng.random() < 0.7:
            ctx["amount"] = rng.choice(AMOUNTS)
        if rng.random() < 0.5:
            ctx["code"] = rng.choice(["A1", "B2", "{{ 7 * 7 }}", "<b>&amp;\"'", "'; drop table event; --"])
        if rng.random() < 0.4:
            ctx["order"] = {"total": rng.choice(["499.99", "500", "1640.00"]), "line": [{"n": "1"}, {"n": "two"}]}
        if text_only:
            plain = {name: value for name, value in ctx.items() if isinstance(value, str | int | float)}
            order = {"order": ctx["order"]} if "order" in ctx else {}
            ctx = {name: str(value) for name, value in plain.items()} | order
        return ctx

    def identifier(self) -> Any:
        n = self.serial
        texts = [f"order {n}", f"00{n}", f"k'{n}\"; --", f"ключ-{n}-😀", f"{n},{n}", "long-" * 60 + str(n), f"a\\b{n}"]
        return self.rng.choice([*texts, str(9_007_199_254_740_993 + n)])

    def row(self, now: datetime, file_format: str) -> Row:
        rng = self.rng
        self.serial += 1
        row: Row = {"type": rng.choice(TYPES * 6 + UNHEARD_TYPES), "external_id": f"E{self.serial}", **self.addresses()}
        if rng.random() < 0.75:
            row["id"] = self.identifier()
            if rng.random() < 0.05 and file_format == "ndjson":
                row["id"] = 9_007_199_254_740_993_000 + self.serial
        for name, values in (("language", LANGUAGES), ("country", COUNTRIES), ("origin", ("web", "é;'", None))):
            value = rng.choice(values)
            if value is not None:
                row[name] = value
        for name, often, hours in (("created", 0.6, 20), ("scheduled", 0.25, 40), ("expiration", 0.2, 30)):
            if rng.random() < often:
                row[name] = now.isoformat() if rng.random() < 0.1 else self.instant(now, hours)
        if rng.random() < 0.9:
            row["ctx"] = self.ctx(text_only=speaks_text_only(file_format) or "id" not in row)
        if rng.random() < 0.1:
            row["unknown"] = {"shop": f"shop {self.serial}"}
        if "cloud" in file_format:
            row["source"] = rng.choice(["urn:shop", "https://shop.example/x?y=1", "/cloudevents/spec/pull"])
            row["id"] = f"{row['source']} {self.identifier()}"
            row.setdefault("origin", row["source"])
        return row

    def addresses(self) -> Row:
        """A channel, wished for or not, and at least the address that it needs."""
        rng = self.rng
        channel = rng.choice(["email"] * 4 + ["sms", "ios", "android"])
        row: Row = {}
        if rng.random() < 0.6 or channel in ("ios", "android"):
            row["wished_channel"] = rng.choice(CHANNEL_NAMES[channel])
        if channel == "email" or (rng.random() < 0.2 and "wished_channel" in row):
            row["email"] = rng.choice(["ada@example.com", "o'neil+x@a-b.co.uk", "jürgen@bücher.example", "a.b@c"])
        if channel == "sms" or (rng.random() < 0.2 and channel == "email"):
            row["mobile_phone"] = rng.choice(["+33612345678", "0612345678"])
        if channel in ("ios", "android") or rng.random() < 0.1:
            row["registration_token"] = f"token:{self.serial}:'\""
        return row

    def spoilt(self, row: Row, file_format: str) -> Row:
        """The row with one thing wrong with it, as far as its format can say it."""
        wrongs = list(WRONGS)
        if "typed" in file_format:
            wrongs = [wrong for wrong in wrongs if not wrong.keys() & {"created", "scheduled", "expiration"}]
        if "xml" in file_format:
            wrongs = [wrong for wrong in wrongs if isinstance(wrong.get("ctx", {}), dict)]
        if "ndjson" in file_format and "cloud" not in file_format and self.rng.random() < 0.2:
            return {"broken": self.rng.choice(["{bad", '{"id": "x"', "[1, 2", '"text"', "17", "null", "nonsense"])}
        spoilt = {**row, "wished_channel": None} | self.rng.choice(wrongs)
        return {name: value for name, value in spoilt.items() if value is not None}

    def rows(self, now: datetime, file_format: str, size: int) -> list[Row]:
        rows = []
        for _ in range(size):
            chance = self.rng.random()
            if chance < 0.06:
                rows.append(self.spoilt(self.row(now, file_format), file_format))
            elif chance < 0.14 and self.sent:
                rows.append(self.again(self.rng.choice(self.sent), now, file_format))
            else:
                rows.append(self.row(now, file_format))
                self.sent.append(rows[-1])
        return rows

    def again(self, row: Row, now: datetime, file_format: str) -> Row:
        """A second copy: of the whole content, or of the caller's id alone."""
        if "id" not in row:
            return row if "cloud" not in file_format else self.row(now, file_format)
        fresh = self.row(now, file_format)
        if "cloud" in file_format:
            return fresh if "source" not in row else fresh | {"source": row["source"], "id": row["id"]}
        return fresh | {"id": row["id"]}
