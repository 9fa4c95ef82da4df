"""Events that start the next flow: the Prefect server hears them, and its automations (`triggers`) listen."""

from typing import Final, Literal

from prefect.context import FlowRunContext
from prefect.events import emit_event

News = Literal[
    "events.landed", "delivery-logs.landed", "templates.published", "events.changed", "statuses.updated",
    "archive.finished",
]  # fmt: skip
"""What there is to tell of an account: files wait in its batch inbox or among its delivery logs, templates are in
force, events or statuses have changed, the archive is as the account is."""
PREFIX: Final = "message-center"


def announce(news: News, account: str, **payload: object) -> None:
    """Tells the server what happened to an account; without a flow run there is nobody to tell, and nothing happens.

    It costs milliseconds and never fails a run: a server that does not hear of it starts the next flow by schedule.
    """
    if FlowRunContext.get() is not None:
        emit_event(f"{PREFIX}.{news}", resource=account_resource(account), payload={"account": account, **payload})


def account_resource(account: str) -> dict[str, str]:
    """What the events of an account are about."""
    return {"prefect.resource.id": f"{PREFIX}.account.{account}", "prefect.resource.name": account}
