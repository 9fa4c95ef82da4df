"""What becomes of messages at the provider of a demonstration.

What happens to a message depends on its recipient alone, by the first part of its address or else by a hash of it:

| address             | what the provider says                                                |
|---------------------|-----------------------------------------------------------------------|
| `deliver+...@...`   | accepted, delivered                                                   |
| `defer+...@...`     | accepted, deferred, delivered after 20 minutes                        |
| `unknown+...@...`   | bounced at once                                                       |
| `policy+...@...`    | rejected                                                              |
| `suppressed+...`    | suppressed                                                            |
| `full+...@...`      | accepted, soft bounce                                                 |
| `bounce+...@...`    | accepted, bounced                                                     |
| `late+...@...`      | accepted, delivered, and bounced after 90 minutes                     |
| any other           | accepted and delivered; some opened, clicked, complained of, deferred |
"""

from hashlib import blake2b
from typing import Final

import polars as pl

MINUTE: Final = 60
RULE: Final = r"^(deliver|defer|unknown|policy|suppressed|full|bounce|late)\+"
OPENED, CLICKED = 42, 22
"""How many of a hundred mails are opened, and of those clicked in."""
COLUMNS: Final = (
    "event_id", "provider_message_id", "recipient", "kind", "logged_at", "reason", "provider", "source_id",
)  # fmt: skip


def histories(messages: pl.DataFrame) -> pl.DataFrame:
    """All that will ever be said of the messages, in order: a row for each thing that happens."""
    if messages.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String) | {"logged_at": pl.Datetime("us", "UTC")})
    drawn = messages.with_columns(
        dice=pl.Series([dice(recipient) for recipient in messages["recipient"]], dtype=pl.UInt64),
        rule=pl.col("recipient").str.extract(RULE).fill_null(""),
    )
    told = [_happening(drawn, *happening) for happening in _happenings()]
    return pl.concat(told).sort("event_id", "logged_at", "kind")


def _happenings() -> list[tuple[str, pl.Expr, pl.Expr, str | None]]:
    """Kind, whether it happens, after how many seconds, why."""
    rule, is_mail = pl.col("rule"), pl.col("channel") == "email"
    arrival = 1 + _die(0, 20) * _die(1, 27)
    plain = rule == ""
    slow = (rule == "defer") | (plain & (_die(3, 50) == 0))
    is_lost = plain & ~is_mail & (_die(6, 40) == 0)
    arrives = (plain & ~is_lost) | rule.is_in(["deliver", "defer", "late"])
    arrived = pl.when(slow).then(20 * MINUTE).otherwise(arrival)
    is_opened = plain & is_mail & (_die(8, 100) < OPENED)
    opened = arrived + 30 + _die(2, 150) * MINUTE
    clicked, complained = is_opened & (_die(4, 100) < CLICKED), is_opened & (_die(5, 150) == 0)
    quitting = plain & is_mail & (_die(6, 300) == 0)
    return [
        ("accepted", ~rule.is_in(["unknown", "policy", "suppressed"]), pl.lit(0), None),
        ("deferred", slow, 2 + arrival, "451 4.7.1 please come back later"),
        ("delivered", arrives, arrived, None),
        ("opened", is_opened, opened, None),
        ("clicked", clicked, opened + 1 + _die(7, 90), None),
        ("complained", complained, opened + 5 * MINUTE, "abuse report"),
        ("bounced", rule == "unknown", pl.lit(1), "550 5.1.1 no such mailbox"),
        ("rejected", rule == "policy", pl.lit(1), "550 5.7.1 refused by policy"),
        ("suppressed", rule == "suppressed", pl.lit(1), "on the suppression list"),
        ("soft_bounced", rule == "full", arrival, "452 4.2.2 mailbox full"),
        ("soft_bounced", is_lost, arrived + 8 * MINUTE, "device could not be reached"),
        ("bounced", rule == "bounce", arrival, "550 5.1.1 mailbox is gone"),
        ("bounced", (rule == "late") | quitting, 90 * MINUTE + arrival, "550 5.1.1 accepted, then undeliverable"),
    ]


def _happening(
    messages: pl.DataFrame, kind: str, happens: pl.Expr, seconds: pl.Expr, reason: str | None
) -> pl.DataFrame:
    return messages.filter(happens).select(
        pl.col("event_id").cast(pl.String),
        provider_message_id=pl.format("sim-{}", "event_id"),
        recipient="recipient",
        kind=pl.lit(kind),
        logged_at=(pl.col("sent_at") + pl.duration(seconds=seconds)).dt.cast_time_unit("us"),
        reason=pl.lit(reason, dtype=pl.String),
        provider=pl.lit("provider-simulator"),
        source_id="batch_id",
    )


def dice(text: str) -> int:
    """A number that looks like chance, always the same for the same text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def _die(number: int, sides: int) -> pl.Expr:
    """One of nine dice of a message, each thrown from its own bits and those above them."""
    shifted: pl.Expr = pl.col("dice") // 2 ** (5 * number)
    return (shifted % sides).cast(pl.Int64)
