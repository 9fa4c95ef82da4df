"""Commands for requests of a person: what is kept of an address, and its erasure."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.command_line.options import AccountOrAll
from deployments.command_line.output import AsJson, print_json, show

if TYPE_CHECKING:
    from tasks.privacy import Found

app = typer.Typer(no_args_is_help=True, help="What is kept of a person's address, and its erasure.")
Address = Annotated[str, typer.Argument(help="Mail address, phone number or registration token, in full.")]


@app.command("find")
def find(address: Address, account: AccountOrAll = None, as_json: AsJson = False) -> None:
    """Find an address in queue, logs, archive and files; nothing is changed."""
    from tasks.account_run import account_runs
    from tasks.privacy import find_address

    _tell(find_address(account_runs([account] if account else None), _checked(address)), as_json=as_json)


@app.command("erase")
def erase(
    address: Address,
    account: AccountOrAll = None,
    files: Annotated[
        bool, typer.Option("--files", help="Delete files in done/ and rejected/ that hold it, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase an address from queue, logs, archive and published data, and prove it. It cannot be undone."""
    from tasks.account_run import account_runs
    from tasks.privacy import erase_address

    text = _checked(address)
    if not yes:
        typer.confirm(f"Erase {text} for good?", abort=True, err=True)
    runs = account_runs([account] if account else None)
    done = erase_address(runs, text, files=files, now=datetime.now(UTC))
    result = {"events": done.events, "proof": done.proof, "files_deleted": done.files_deleted}
    if as_json:
        print_json({**result, "before": _plain(done.before), "after": _plain(done.after)})
    else:
        show(result, as_json=False, title=f"Erased {text}")
        _tell(done.after, as_json=False)
    if not done.after.is_empty:
        raise RuntimeError(f"{text} is still there, or came in meanwhile: erase it again")


def _checked(address: str) -> str:
    text = address.strip()
    if len(text) < 4:  # noqa: PLR2004 # any shorter text is in too much that has nothing to do with it
        raise LookupError(f"'{text}' is too short for an address; give it in full")
    return text


def _plain(found: "Found") -> dict[str, Any]:
    return {"rows": found.rows, "files": found.files}


def _tell(found: "Found", *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(found))
        return
    for account, stores in found.rows.items():
        rows: dict[str, Any] = {
            f"{store}: {table}": count for store, told in stores.items() for table, count in told.items()
        }
        rows |= {str(path): "holds it" for path in found.files[account]}
        show(rows or {"": "nothing"}, as_json=False, title=account)
