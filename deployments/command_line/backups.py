"""Commands that keep a store safe: back it up, put it back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deployments.command_line.output import AsJson, note, show
from tasks.contracts.back_up_store import CONTROL
from tasks.settings import Settings

AccountOrControl = Annotated[
    str, typer.Option("--account", help="Execution account; `control` means the control store.")
]
TOLD = 20
"""As many files and events as a person is told of; --json has all."""


def backup(
    account: AccountOrControl,
    to: Annotated[Path | None, typer.Option("--to", help="Folder for the backup; `backups` in the home.")] = None,
    as_json: AsJson = False,
) -> None:
    """Back up an account's store and roster entry, while the flows go on."""
    from tasks.account_run import account_run
    from tasks.back_up_store import back_up_store

    settings = Settings()
    listed = None if account == CONTROL else account_run(account).account
    made = back_up_store(settings, listed, to=to, now=datetime.now(UTC))
    manifest = made.manifest
    shown: dict[str, object] = {"account": account, "path": made.path, "taken_at": manifest.taken_at}
    shown |= {"rows": sum(manifest.store.rows.values()), "last_change_seq": manifest.store.last_change_seq}
    shown |= {"bytes": sum(file.bytes for file in manifest.files.values())}
    show(shown, as_json=as_json, title="Backed up")
    if not as_json:
        note(f"Put it back with: message-center restore --account {account} {made.path}")


def restore(
    account: AccountOrControl,
    path: Annotated[Path, typer.Argument(help="Folder of the backup.", exists=True, file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of a store, brought up to what archive and outbox know; the old store is kept."""
    import asyncio

    from tasks.restore_store import restore_account, restore_control

    now = datetime.now(UTC)
    if account == CONTROL:
        done = restore_control(Settings(), path.absolute(), now=now)
    else:
        done = asyncio.run(restore_account(Settings(), account, path.absolute(), now=now))
    events = [str(event) for event in done.brought_up.unsure]
    shown: dict[str, object] = {
        "account": account,
        "taken_at": done.manifest.taken_at,
        "kept": done.kept,
        "archived_rows": done.brought_up.archived_rows,
        "handed_over": done.brought_up.handed_over,
        "unsure": len(events),
        "unknown_files": len(done.unknown_files),
    }
    listed = {"unsure_events": events, "files": [str(file) for file in done.unknown_files]}
    show(shown | listed if as_json else shown, as_json=as_json, title=f"Restored {account}")
    if account == CONTROL:
        note("Archive every account now: that brings what came after the backup. message-center archive --account NAME")
    if events:
        note(
            f"{len(events)} event(s) were due and no record says whether they left; they are held, not sent: "
            f"{_listed(events)}. Ask the mail server; then send what did not leave as new events (replay)."
        )
    if done.unknown_files:
        note(
            "These files came after the backup, and the store does not know them. Move them from done/ back into "
            f"their inbox, and run the flows: {_listed(listed['files'])}"
        )


def _listed(names: list[str]) -> str:
    more = len(names) - TOLD
    return ", ".join(names[:TOLD]) + (f" and {more:,} more (see --json)" if more > 0 else "")
