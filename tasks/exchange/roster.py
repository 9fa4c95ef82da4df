"""The roster of execution accounts: a TOML file that people read, edit and review."""

import os
from collections import Counter
from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from tasks.contracts.accounts import Account
from tasks.contracts.vocabulary import MAX_CELL_ID

HEADER = "The execution accounts. One [[account]] table each; see docs/operators.md for the keys."


class RosterError(ValueError):
    """The roster cannot be read, or would stop making sense."""


def load_roster(path: Path) -> tuple[Account, ...]:
    """The accounts of a roster, in its order; none where there is no file yet.

    Raises:
        RosterError: A syntax error, an unknown or bad value, or a name or cell used twice.
    """
    if not path.exists():
        return ()
    try:
        tables = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap().get("account", [])
        accounts = tuple(Account.model_validate(table) for table in tables)
    except (TOMLKitError, ValidationError, UnicodeDecodeError, TypeError) as error:
        raise RosterError(f"{path} is no roster of accounts: {error}") from error
    _check(path, accounts)
    return accounts


def add_account(path: Path, account: Account) -> None:
    """Adds an account at the end of the roster, leaving the rest of the file as it is.

    Raises:
        RosterError: The name or the cell is taken.
    """
    check_addable(path, account)
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    if not path.exists():
        document.add(tomlkit.comment(HEADER))
    table = tomlkit.table()
    table.update(account.model_dump(mode="json", exclude_unset=True))
    document.setdefault("account", tomlkit.aot()).append(table)
    _write(path, tomlkit.dumps(document))


def check_addable(path: Path, account: Account) -> None:
    """Whether an account can be added to a roster.

    Raises:
        RosterError: The name or the cell is taken.
    """
    known = load_roster(path)
    if account.name.lower() in {other.name.lower() for other in known}:
        raise RosterError(f"{path} has an account '{account.name}' already; choose another name")
    if same_cell := [other.name for other in known if other.cell_id == account.cell_id]:
        raise RosterError(f"{path} gives cell {account.cell_id} to '{same_cell[0]}' already; choose another --cell-id")


def remove_account(path: Path, name: str) -> None:
    """Takes an account out of the roster; its data stays.

    Raises:
        RosterError: There is no such account.
    """
    if name not in {account.name for account in load_roster(path)}:
        raise RosterError(f"{path} has no account '{name}'")
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    tables = document["account"]
    tables.remove(next(table for table in tables if table["name"] == name))
    if not tables:
        del document["account"]
    _write(path, tomlkit.dumps(document))


def free_cell_id(accounts: tuple[Account, ...]) -> int:
    """The smallest cell that no account has.

    Raises:
        RosterError: All 128 are taken.
    """
    taken = {account.cell_id for account in accounts}
    for cell_id in range(MAX_CELL_ID + 1):
        if cell_id not in taken:
            return cell_id
    raise RosterError(f"All {MAX_CELL_ID + 1} cells are taken: ids of a further account would not fit 64 bits")


def _check(path: Path, accounts: tuple[Account, ...]) -> None:
    names = Counter(account.name.lower() for account in accounts)
    cells = Counter(account.cell_id for account in accounts)
    twice = [f"name '{name}'" for name, count in names.items() if count > 1]
    twice += [f"cell_id {cell}" for cell, count in cells.items() if count > 1]
    if twice:
        raise RosterError(f"{path} has {', '.join(twice)} more than once: each account needs its own")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
