"""The command that keeps everything up."""

import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.command_line.output import AsJson, note, print_json, show
from tasks.settings import Settings

if TYPE_CHECKING:
    from deployments.up import Standing

LOOK_SECONDS = 1.0
WORKER_LOOK_SECONDS = 30.0
Port = Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port of a server that is started here.")]


def up(port: Port = 4200, as_json: AsJson = False) -> None:
    """Run server, worker and deployments in the foreground; Ctrl-C stops what was started here."""
    from deployments.up import brought_up

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    note("Starting; this takes half a minute.")
    try:
        with brought_up(port) as standing:
            _tell(standing, as_json=as_json)
            _keep(standing)
    except KeyboardInterrupt:
        note("Stopped.")


def _keep(standing: "Standing") -> None:
    looked = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        for told in standing.keep():
            note(told)
        if time.monotonic() - looked > WORKER_LOOK_SECONDS:
            looked = time.monotonic()
            if standing.work():
                note("No worker was alive any more: one was started.")


def _tell(standing: "Standing", *, as_json: bool) -> None:
    settings = Settings()
    result = {
        "server": standing.url,
        "server_started": standing.server.is_ours,
        "worker_started": standing.worker.is_ours,
        "workers_found": standing.others,
        "deployments": dict(standing.changes),
        "runs_left_by_a_power_cut": standing.leftovers,
        "runs_started": standing.first_runs,
        "ui": standing.url.removesuffix("/api"),
        "inboxes": settings.home / "inbox",
    }
    if as_json:
        print_json(result)
    else:
        show(result, as_json=False, title="Up; Ctrl-C stops it")
        note(f"Drop event files into {settings.home / 'inbox'}/ACCOUNT/batch or .../rt; logs into .../delivery-logs.")
