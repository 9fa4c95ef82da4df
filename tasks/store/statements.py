"""The SQL of the store: one statement per file under `sql/`, found by `<stage>/<name>`."""

from functools import cache
from pathlib import Path

SQL = Path(__file__).parent / "sql"


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def filled(name: str, /, **names: str) -> str:
    """The text of `sql/<name>.sql` with names of tables and columns put in their places; values are parameters."""
    return statement(name).format(**names)


def quoted(name: str) -> str:
    """A table's or column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL has it, where no parameter may stand."""
    return "'" + text.replace("'", "''") + "'"
