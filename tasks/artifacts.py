"""What a run leaves in the Prefect UI. Without a flow run there is no UI to leave it in, and nothing happens."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import UUID

import polars as pl
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.context import FlowRunContext

from tasks.contracts.vocabulary import STATUS_LABELS
from tasks.settings import Settings
from tasks.stopwatch import Stopwatch, clocked

STAGES: Final = 15
"""As many of the slowest are shown."""


async def show_table(key: str, rows: pl.DataFrame | Sequence[Mapping[str, object]], description: str) -> None:
    """Leaves a table. Ids become text: a browser's numbers cannot hold them."""
    if FlowRunContext.get() is None:
        return
    listed = rows.to_dicts() if isinstance(rows, pl.DataFrame) else [dict(row) for row in rows]
    await clocked("artifact", acreate_table_artifact)(
        table=[{name: _cell(value) for name, value in row.items()} for row in listed],
        key=_key(key),
        description=description,
    )


@dataclass
class LiveTable:
    """A table of one run, changed in place while the run goes on."""

    key: str
    description: str
    _id: UUID | None = None

    async def show(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Leaves the table, or changes the one that is there."""
        if FlowRunContext.get() is None:
            return
        cells = [{name: _cell(value) for name, value in row.items()} for row in rows]
        if self._id is None:
            self._id = await acreate_table_artifact(table=cells, key=_key(self.key), description=self.description)
            return
        async with get_client() as client:
            await client.update_artifact(self._id, ArtifactUpdate(data=json.dumps(cells)))


async def show_markdown(key: str, text: str, description: str) -> None:
    """Leaves a page."""
    if FlowRunContext.get() is not None:
        await clocked("artifact", acreate_markdown_artifact)(markdown=text, key=_key(key), description=description)


async def show_run(stage: str, account: str, counts: Mapping[str, object], statuses: pl.DataFrame) -> None:
    """Leaves what a stage counted and how the account's events stand after it."""
    counted = [{"count": name.replace("_", " "), "value": value} for name, value in counts.items()]
    await show_table(f"{stage}-{account}", counted, f"What {stage} did on account {account}")
    labelled = statuses.with_columns(pl.col("status").replace(STATUS_LABELS))
    await show_table(f"statuses-{account}", labelled, f"Events of account {account} by status and reason")


async def show_stages(flow: str, account: str | None, watch: Stopwatch) -> None:
    """Leaves the slowest stages of a run, where it had any."""
    slowest = sorted(
        ((spent, name) for (clock, name), spent in watch.seconds.items() if clock == "stage"), reverse=True
    )
    rows = [
        {"stage": name.replace("_", " "), "calls": watch.calls["stage", name], "seconds": round(spent, 3)}
        for spent, name in slowest[:STAGES]
    ]
    if rows:
        key = f"stages-{flow}-{account}" if account else f"stages-{flow}"
        await show_table(key, rows, f"Where the time of {flow} went, the slowest stages first")


def published_page(settings: Settings) -> str:
    """Where the published data of all accounts is, on the worker's machine, and how to read it."""
    path = settings.published_control
    return (
        f"[{path}](file://{quote(str(path))})\n\n"
        "    message-center report service-level\n"
        f'    duckdb -readonly "{path}"\n'
    )


def _cell(value: object) -> object:
    return value if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**53) else str(value)


def _key(text: str) -> str:
    """Artifact keys are lower-case letters, digits and dashes."""
    return text.lower().replace("_", "-")
