"""The input of one size of benchmark: seeded, written in pieces, the same for every contender.

Rows of events are 93 % new events, 5 % copies of an earlier one and 2 % that cannot be events; 1 % of the events have a
type without a template. The n-th new event gets the n-th id, whoever takes the rows in, so the delivery logs (2.2 rows
for each message) fit every contender, and `Expected` says what each must end with.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

LIFE = ("ingest", "route", "deliver", "collect", "update", "archive")
"""What a life is made of, in its order; its time is the sum of theirs."""
CELL = 1
FIRST_ID = CELL << 56
PIECE = 250_000
TYPES, TEMPLATES = 40, 5_000
LANGUAGES = ("fr", "fr-CA", "en", "en-GB", "de", "es", "it", None)
NAMES = ("Ada", "Björk", "Chloé", "Dmitri", "Élodie", "Farouk", "Grace", "Hideo")
SUBJECT = "Order {{ ctx.order.id }}"
BODY = "Dear {{ ctx.name }}, your order {{ ctx.order.id }} over {{ ctx.order.total }} EUR is on its way."
CONTEXT = (
    '{"name":"{}","order":{"id":"A-{}","total":{},"currency":"EUR","items":[{"sku":"SKU-{}","quantity":{}},'
    '{"sku":"SKU-{}","quantity":{}}]},"address":{"street":"{} Long Street","city":"Saint-Exemple","postcode":"{}"},'
    '"campaign":"autumn","token":"{}{}{}{}{}{}"}'
)
LINE = '{"id":"{}","type":{},"email":"{}","language":{},"created":"{}","ctx":{}}'


@dataclass
class Expected:
    """What becomes of a size's rows, whoever does the work."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    not_taken_into_account: int = 0
    sent: int = 0
    delivery_failed: int = 0
    log_rows: int = 0
    log_duplicates: int = 0
    new_log_rows: int = 0

    @property
    def messages(self) -> int:
        """Events that have a template."""
        return self.sent + self.delivery_failed


@dataclass(frozen=True)
class Inputs:
    """Where the files of one size are."""

    folder: Path

    @property
    def events(self) -> list[Path]:
        """NDJSON."""
        return sorted((self.folder / "events").glob("*.ndjson"))

    @property
    def events_parquet(self) -> list[Path]:
        """The same rows, `ctx` as text."""
        return sorted((self.folder / "events_parquet").glob("*.parquet"))

    @property
    def logs(self) -> list[Path]:
        """Canonical delivery logs (Parquet), in no order within a file."""
        return sorted((self.folder / "logs").glob("*.parquet"))

    @property
    def new_logs(self) -> list[Path]:
        """Logs that come later: one row for 1 % of the messages."""
        return sorted((self.folder / "new_logs").glob("*.parquet"))

    @property
    def templates(self) -> Path:
        """Columns of table `template`."""
        return self.folder / "templates.parquet"

    @property
    def expected(self) -> Expected:
        """What each contender must end with."""
        return Expected(**json.loads((self.folder / "expected.json").read_text()))


def write_inputs(folder: Path, rows: int, *, seed: int = 7) -> Inputs:
    """Writes the files of a size, or finds them."""
    inputs = Inputs(folder)
    if (folder / "expected.json").exists():
        return inputs
    for name in ("events", "events_parquet", "logs", "new_logs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    templates().write_parquet(inputs.templates)
    expected = Expected()
    for piece, events in enumerate(event_pieces(rows, seed)):
        ndjson(events).write_csv(folder / f"events/{piece:04}.ndjson", include_header=False, quote_style="never")
        events.select("id", "type", "email", "language", "created", "ctx").write_parquet(
            folder / f"events_parquet/{piece:04}.parquet"
        )
        write_logs(folder, piece, events.filter(kind="new")["number"], seed, expected)
        _count(events, expected)
    (folder / "expected.json").write_text(json.dumps(asdict(expected)))
    return inputs


def event_pieces(rows: int, seed: int) -> Iterator[pl.DataFrame]:
    """Rows of events: `kind` (new, copy, bad), `number` of the event, and its fields."""
    before = 0
    for start in range(0, rows, PIECE):
        row = pl.int_range(start, min(start + PIECE, rows), dtype=pl.Int64, eager=True).alias("row")
        lot = chance(pl.col("row"), seed, 1_000)
        piece = (
            pl.DataFrame(row)
            .with_columns(
                kind=pl.when((lot >= 70) | (pl.col("row") < 10))
                .then(pl.lit("new"))
                .when(lot >= 20)
                .then(pl.lit("copy"))
                .otherwise(pl.lit("bad"))
            )
            .with_columns(reached=before + (pl.col("kind") == "new").cum_sum())
            .with_columns(
                number=pl.when(kind="copy")
                .then(1 + chance(pl.col("row"), seed + 1, 2**30) % pl.col("reached"))
                .otherwise("reached")
            )
        )
        before = piece["reached"][-1]
        yield fields(piece, seed)


def fields(piece: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The fields of the events of these numbers, and of bad rows, each with one of four faults."""
    number, fault = pl.col("number"), pl.when(kind="bad").then(chance(pl.col("row"), seed + 2, 4))
    second = number % 3_600
    return piece.with_columns(
        pl.when(kind="bad").then(pl.format("bad{}", "row")).otherwise(pl.format("e{}", number)).alias("id"),
        pl.when(fault != 0).then(event_type(seed)).when(fault.is_null()).then(event_type(seed)).alias("type"),
        pl.when(fault == 1).then(pl.lit("not an address")).otherwise(pl.format("user{}@example.org", number))
        .alias("email"),
        language(seed).alias("language"),
        pl.when(fault == 2).then(pl.lit("2026-13-45T10:00:00Z"))
        .otherwise(pl.format("2026-11-23T10:{}:{}Z", two(second // 60), two(second % 60))).alias("created"),
        pl.when(fault == 3).then(pl.lit("[1,2]")).otherwise(context(seed)).alias("ctx"),
    )  # fmt: skip


def event_type(seed: int) -> pl.Expr:
    """One of forty, or one that nothing was published for."""
    of = pl.format("type-{}", chance(pl.col("number"), seed + 3, TYPES))
    return pl.when(is_known(seed)).then(of).otherwise(pl.lit("type-unknown"))


def is_known(seed: int) -> pl.Expr:
    """Whether a template fits the event of this number."""
    return chance(pl.col("number"), seed + 4, 100) > 0


def language(seed: int) -> pl.Expr:
    """One of eight, of which one is none."""
    of = dict(enumerate(LANGUAGES))
    return chance(pl.col("number"), seed + 5, len(of)).replace_strict(of, return_dtype=pl.String)


def context(seed: int) -> pl.Expr:
    """About 300 bytes of JSON."""
    number = pl.col("number")

    def lot(salt: int, of: int) -> pl.Expr:
        return chance(number, seed + salt, of)

    name = lot(10, len(NAMES)).replace_strict(dict(enumerate(NAMES)), return_dtype=pl.String)
    total = pl.format("{}.{}", lot(11, 900) + 1, two(lot(12, 89) + 10))
    token = [lot(30 + part, 2**30).cast(pl.String).str.zfill(10) for part in range(6)]
    values = [
        name, number, total, lot(13, 10**6), lot(14, 9) + 1, lot(15, 10**6), lot(16, 9) + 1, lot(17, 300) + 1,
        lot(18, 89_999) + 10_000, *token,
    ]  # fmt: skip
    return filled(CONTEXT, values)


def ndjson(events: pl.DataFrame) -> pl.DataFrame:
    """The rows as lines of JSON."""
    values = [
        pl.col("id"),
        quoted("type"),
        pl.col("email"),
        quoted("language"),
        pl.col("created"),
        pl.col("ctx"),
    ]
    return events.select(filled(LINE, values).alias("line"))


def write_logs(folder: Path, piece: int, numbers: pl.Series, seed: int, expected: Expected) -> None:
    """What a provider says of the messages of these events, each at once and some of them later."""
    log = (
        pl.DataFrame({"number": numbers})
        .filter(is_known(seed))
        .with_columns(lot=chance(pl.col("number"), seed + 20, 20), late=chance(pl.col("number"), seed + 21, 100))
    )
    bounced = pl.col("lot") == 0
    kinds = pl.concat_list(
        pl.lit("accepted"),
        pl.when(bounced).then(pl.lit("bounced")).otherwise(pl.lit("delivered")),
        pl.when(pl.col("lot").is_between(1, 3)).then(pl.lit("opened")),
        pl.when(pl.col("lot") == 4).then(pl.lit("accepted")),
    )
    rows = log.with_columns(kind=kinds).explode("kind").drop_nulls("kind")
    log_rows(rows, "2026-11-23T12:05:00Z").sample(fraction=1, shuffle=True, seed=seed).write_parquet(
        folder / f"logs/{piece:04}.parquet"
    )
    late = log_rows(log.filter(late=0).with_columns(kind=pl.lit("clicked")), "2026-11-23T13:00:00Z")
    late.write_parquet(folder / f"new_logs/{piece:04}.parquet")
    failed = log.filter(bounced).height
    expected.sent += log.height - failed
    expected.delivery_failed += failed
    expected.log_rows += rows.height
    expected.log_duplicates += log.filter(lot=4).height
    expected.new_log_rows += late.height


def log_rows(rows: pl.DataFrame, at: str) -> pl.DataFrame:
    """The columns of a canonical delivery log."""
    return rows.select(
        (FIRST_ID + pl.col("number")).alias("event_id"),
        pl.format("user{}@example.org", "number").alias("recipient"),
        "kind",
        pl.lit(at).alias("logged_at"),
    )


def templates() -> pl.DataFrame:
    """5,000 versions over all types and languages, half of them superseded."""
    number, half = pl.col("number"), TEMPLATES // 2
    of = dict(enumerate(LANGUAGES))
    return pl.DataFrame({"number": range(TEMPLATES)}).select(
        pl.format("template-{}", number % half).alias("template_id"),
        (1 + number // half).cast(pl.Int32).alias("version"),
        pl.format("type-{}", number % half % TYPES).alias("event_type"),
        pl.lit("email").alias("channel"),
        pl.lit(0, pl.Int32).alias("priority"),
        (number % half // TYPES % len(of)).replace_strict(of, return_dtype=pl.String).alias("language"),
        pl.lit(SUBJECT).alias("subject"),
        pl.lit(BODY).alias("body_text"),
    )


def chance(of: pl.Expr, salt: int, below: int) -> pl.Expr:
    """A number below `below` that looks like chance and is always the same for the same number and salt."""
    mixed = (of + salt * 1_000_003) * 2_654_435_761 % 2**32
    mixed = (mixed ^ (mixed // 2**15)) * 1_103_515_245 % 2**32
    return (mixed ^ (mixed // 2**13)) % below


def filled(pattern: str, values: list[pl.Expr]) -> pl.Expr:
    """The pattern, each `{}` replaced; all other braces stay."""
    texts = pattern.split("{}")
    between = [part for text, value in zip(texts, values, strict=False) for part in (pl.lit(text), value)]
    return pl.concat_str(*between, pl.lit(texts[-1]))


def two(number: pl.Expr) -> pl.Expr:
    """Two digits."""
    return number.cast(pl.String).str.zfill(2)


def quoted(name: str) -> pl.Expr:
    """Text as JSON."""
    return pl.coalesce(pl.format('"{}"', name), pl.lit("null"))


def _count(events: pl.DataFrame, expected: Expected) -> None:
    kinds = dict(events.group_by("kind").len().iter_rows())
    expected.rows += events.height
    expected.accepted += kinds["new"]
    expected.duplicates += kinds.get("copy", 0)
    expected.rejected += kinds.get("bad", 0)
    expected.not_taken_into_account += events.filter(kind="new", type="type-unknown").height
