"""The data that generated events carry: what the sample templates ask for, some 300 bytes of it."""

from random import Random
from typing import Final

import polars as pl

GOODS: Final = (
    "Kettle", "Tea, loose leaf", "Bottes d'hiver", "Wanderkarte", "Thermosflasche", "Headlamp <400 lm>", "Socks & co.",
    "Laptop sleeve", "Notebook, squared", "Desk lamp", "Bicycle bell", "Garden gloves", "Picture frame",
)  # fmt: skip
CARRIERS: Final = ("Rail Express", "Northwind", "Kurier 24", "Poste Rapide")
DEVICES: Final = ("Firefox on Linux", "Safari on iPad", "Chrome on Android", "Edge on Windows")
GOLD_CENTS: Final = 20_000
TOWNS: Final = ("Leeds", "Turku", "Porto", "Graz", "Nagoya", "Québec", "Utrecht", "Recife")
MISSING: Final = 0.01
"""Share of invoices without a number, which their template asks for."""


def with_contexts(rows: pl.DataFrame, random: Random) -> pl.DataFrame:
    """Adds `ctx`, a JSON object as text, that fits the `type` of each row."""
    count = rows.height
    drawn = rows.with_columns(
        cents=pl.Series([int(random.paretovariate(1.1) * 1_500) for _ in range(count)], dtype=pl.Int64).clip(
            0, 500_000
        ),
        goods=pl.Series(random.choices(GOODS, k=count), dtype=pl.String),
        more=pl.Series(random.choices(GOODS, k=count), dtype=pl.String),
        carrier=pl.Series(random.choices(CARRIERS, k=count), dtype=pl.String),
        device=pl.Series(random.choices(DEVICES, k=count), dtype=pl.String),
        town=pl.Series(random.choices(TOWNS, k=count), dtype=pl.String),
        is_complete=pl.Series(random.choices([False, True], [MISSING, 1 - MISSING], k=count), dtype=pl.Boolean),
    ).with_row_index("row")
    parts = [
        part.with_columns(ctx=_context(part["type"][0], is_complete=part["is_complete"][0]))
        for part in drawn.partition_by("type", "is_complete", maintain_order=True)
    ]
    return pl.concat(parts).sort("row").select(*rows.columns, "ctx") if parts else rows.with_columns(ctx=pl.lit(""))


def _context(event_type: str, *, is_complete: bool) -> pl.Expr:
    customer = pl.struct("first_name", number=pl.format("C{}", "person"), segment=_segment()).alias("customer")
    trace = pl.struct(
        request=pl.format("req-{}-{}", "person", "row"), application=pl.lit("storefront"), version=pl.lit("2026.11.2")
    ).alias("trace")
    match event_type:
        case "order_confirmed":
            own = [_order()]
        case "parcel_shipped":
            own = [_parcel()]
        case "invoice_ready":
            own = [_invoice(is_complete=is_complete)]
        case "payment_failed":
            own = [_payment()]
        case "appointment_reminder":
            own = [_appointment()]
        case "password_reset":
            own = [pl.format("https://shop.example/reset/{}", "row").alias("link"), pl.lit(30).alias("minutes")]
        case "security_alert":
            own = [pl.col("device"), pl.col("town").alias("place")]
        case _:
            own = []
    return pl.struct(customer, *own, trace).struct.json_encode()


def _segment() -> pl.Expr:
    return pl.when(pl.col("cents") > GOLD_CENTS).then(pl.lit("gold")).otherwise(pl.lit("standard"))


def _total() -> pl.Expr:
    return pl.format("{}.{}", pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2))


def _number(prefix: str) -> pl.Expr:
    return pl.format(f"{prefix}{{}}-{{}}", "person", "row")


def _currency() -> pl.Expr:
    others = {"GB": "GBP", "US": "USD", "CA": "CAD", "BR": "BRL", "JP": "JPY", "SE": "SEK"}
    return pl.col("country").replace_strict(others, default="EUR")


def _order() -> pl.Expr:
    lines = [
        pl.struct(name=pl.col(name), quantity=pl.col("cents") % divisor + 1, sku=pl.format("SKU-{}", "person"))
        for name, divisor in (("goods", 3), ("more", 2))
    ]
    return pl.struct(number=_number("A"), total=_total(), currency=_currency(), line=pl.concat_list(lines)).alias(
        "order"
    )


def _parcel() -> pl.Expr:
    return pl.struct(
        "carrier",
        number=_number("ZX"),
        weight_grams=pl.col("cents") % 20_000,
        pieces=pl.col("cents") % 4 + 1,
        content=pl.concat_list("goods", "more"),
    ).alias("parcel")


def _invoice(*, is_complete: bool) -> pl.Expr:
    fields = {"total": _total(), "currency": _currency(), "due": pl.lit("2026-12-07")}
    if is_complete:
        fields["number"] = _number("2026-")
    values = [value.alias(name) for name, value in fields.items()]
    return pl.struct(*values, content=pl.concat_list("goods", "more")).alias("invoice")


def _payment() -> pl.Expr:
    """Some are over nothing, and meet no condition."""
    amount = pl.when(pl.col("person") % 12 == 0).then(pl.lit("0.00")).otherwise(_total())
    return pl.struct(amount=amount, currency=_currency(), card=pl.format("**** {}", pl.col("person") % 10_000)).alias(
        "payment"
    )


def _appointment() -> pl.Expr:
    return pl.struct(at=pl.lit("2026-11-25 10:00"), place=pl.col("town"), about=pl.col("goods")).alias("appointment")
