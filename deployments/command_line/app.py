"""The `message-center` command."""

import os
import sys

import typer

from deployments.command_line import (
    accounts,
    analysis,
    backfills,
    backups,
    demonstration,
    deploying,
    doctor,
    health,
    intake,
    privacy,
    processing,
    quarantine,
    second_chances,
    templates,
    up,
)
from deployments.command_line.output import note, print_json
from deployments.running_server import use_running_server
from tasks.advice import told

# What a person runs by hand tells its results itself; Prefect's own log starts at warnings.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("DO_NOT_TRACK", "1")

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Transactional messages: events in, messages out, statuses joined, all of it archived.",
)
app.add_typer(accounts.app, name="accounts")
app.add_typer(templates.app, name="templates")
app.add_typer(intake.app, name="tokens")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(privacy.app, name="privacy")
app.command()(intake.intake)
app.command()(demonstration.demo)
app.command()(processing.ingest)
app.command()(processing.process)
app.command()(processing.deliver)
app.command()(processing.logs)
app.command("update-status")(processing.update_status)
app.command()(processing.archive)
app.command()(processing.purge)
app.command()(second_chances.replay)
app.command()(second_chances.recycle)
app.command()(backfills.backfill)
app.command()(analysis.event)
app.command()(analysis.report)
app.command()(analysis.reports)
app.command()(analysis.export)
app.command()(analysis.query)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(doctor.doctor)
app.command()(health.health)
app.command()(deploying.deploy)
app.command()(up.up)


def main() -> None:
    """Runs the command; ends with 0 where it is done, 1 where it failed, 2 where it was called wrongly."""
    try:
        use_running_server()
        app()
    except Exception as error:
        if os.environ.get("MESSAGE_CENTER_TRACEBACK"):
            raise
        _tell(error)
        sys.exit(exit_code(error))


def exit_code(error: Exception) -> int:
    """2 for a call that names what does not exist, else 1."""
    return 2 if isinstance(error, LookupError | FileNotFoundError) else 1


def _tell(error: Exception) -> None:
    message = told(error)
    if "--json" in sys.argv:
        print_json({"error": message})
    note(f"error: {message}")


if __name__ == "__main__":
    main()
