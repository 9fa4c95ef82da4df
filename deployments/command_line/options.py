"""Options that several commands share."""

from datetime import UTC, datetime
from typing import Annotated

import typer

Account = Annotated[str, typer.Option("--account", help="Execution account.")]
AccountOrAll = Annotated[str | None, typer.Option("--account", help="Execution account; all where left out.")]


def instant(text: str) -> datetime:
    """An ISO 8601 instant with an offset, in UTC.

    Raises:
        typer.BadParameter: The text is none.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is no ISO 8601 instant, such as 2026-11-23T12:00:00Z") from error
    if value.tzinfo is None:
        raise typer.BadParameter(f"'{text}' has no offset: write 2026-11-23T12:00:00Z or ...+01:00")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise typer.BadParameter(f"'{text}' is in no year from 1 to 9999") from error


Now = Annotated[
    datetime | None,
    typer.Option("--now", parser=instant, metavar="INSTANT", help="Clock of the run; the real time where left out."),
]
