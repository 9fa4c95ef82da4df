"""Commands on the roster of execution accounts."""

from typing import Annotated

import typer
from pydantic import ValidationError

from deployments.command_line.output import AsJson, note, show, show_rows
from tasks.account_run import account_run
from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account, check_addable, free_cell_id, load_roster, remove_account
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing

app = typer.Typer(no_args_is_help=True, help="The roster of execution accounts.")
Name = Annotated[str, typer.Argument(help="Name of the account.")]


@app.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts."""
    settings = Settings()
    columns = {"name", "label", "cell_id", "sender", "policy", "archive_every"}
    rows = [account.model_dump(include=columns) for account in load_roster(settings.roster_path)]
    show_rows("accounts", rows, as_json=as_json, title=f"Accounts of {settings.roster_path}")


@app.command("add")
def add(
    name: Name,
    label: Annotated[str, typer.Option(help="What people call it.")] = "",
    cell_id: Annotated[int | None, typer.Option(min=0, max=127, help="Its cell; the first free one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add an account: its roster entry, its store, its deployments."""
    from deployments import render

    settings = Settings()
    cell = free_cell_id(load_roster(settings.roster_path)) if cell_id is None else cell_id
    account = _checked(name, label, cell)
    check_addable(settings.roster_path, account)
    with writing(StoreFile(settings.account_store(name), "account"), purpose="making the store"):
        pass
    for folder in settings.inboxes(name):
        folder.mkdir(parents=True, exist_ok=True)
    # Last, so that the command can be repeated where something before it could not be written.
    add_account(settings.roster_path, account)
    render.refresh(settings.roster_path)
    shown = {"name": name, "label": label, "cell_id": cell, "store": settings.account_store(name)}
    shown["deployed"] = _start_deployments(account)
    show(shown, as_json=as_json, title="Account added")


@app.command("remove")
def remove(name: Name, as_json: AsJson = False) -> None:
    """Take away an account's deployments, archive a last time, and take it out of the roster; its data stays."""
    from deployments import render
    from deployments.command_line.running import run_flow
    from flows.archive_events import archive_events

    settings = Settings()
    account_run(name)
    deleted = _take_deployments_away(name)
    result = run_flow(archive_events, account=name)
    remove_account(settings.roster_path, name)
    render.refresh(settings.roster_path)
    shown = {"name": name, "upserted": result.upserted, "proof": result.proof, "store": settings.account_store(name)}
    shown["deployments_deleted"] = deleted
    show(shown, as_json=as_json, title="Account removed; its store and its archive stay")


@app.command("pause")
def pause(name: Name, as_json: AsJson = False) -> None:
    """Pause an account's deployments, and end the runs that go on; what arrives meanwhile waits."""
    from deployments.pausing import pause_account
    from deployments.server import server

    account_run(name)
    address = server()
    show({"server": address, "paused": pause_account(name)}, as_json=as_json, title=f"Account {name} is paused")


@app.command("resume")
def resume(name: Name, as_json: AsJson = False) -> None:
    """End the pause of an account's deployments."""
    from deployments.pausing import resume_account
    from deployments.server import server

    account_run(name)
    address = server()
    show({"server": address, "resumed": resume_account(name)}, as_json=as_json, title=f"Account {name} goes on")


def _checked(name: str, label: str, cell_id: int) -> Account:
    """The account, or a word on what is wrong with it.

    Raises:
        ValueError: The name cannot be one.
    """
    try:
        return Account(name=name, label=label, cell_id=cell_id)
    except ValidationError as error:
        raise ValueError(
            f"'{name}' cannot name an account: letters, digits, - and _ only, 63 at most, and not 'control'"
        ) from error


def _start_deployments(account: Account) -> bool:
    """Creates and starts the deployments of an account where there is a server; else says so, and goes on."""
    from deployments.server import DeployError, ServerUnreachableError, server_or_none

    later = "Create the account's deployments later: message-center deploy"
    try:
        if server_or_none() is None:
            note(f"No Prefect server is set (PREFECT_API_URL). {later}")
            return False
        from deployments.deploy import deploy_account

        deploy_account(account)
    except (ServerUnreachableError, DeployError) as error:
        note(f"{error}\n{later}")
        return False
    return True


def _take_deployments_away(name: str) -> list[str]:
    """Deletes what the server has for the account, before its last archive run, so that nothing comes after that."""
    from deployments.server import server_or_none

    if server_or_none() is None:
        note("No Prefect server is set (PREFECT_API_URL). Where one has this account: message-center deploy --prune")
        return []
    from deployments.prune import prune_account

    return [each.deployment for each in prune_account(name)]
