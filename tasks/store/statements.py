"""The SQL of the store: one statement per file under `sql/`, found by `<stage>/<name>`."""

from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
