"""Flow `publish-templates`: message templates into every execution account."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field

from tasks import publish_templates as stage
from tasks.account_run import account_runs
from tasks.announce import announce
from tasks.artifacts import show_table
from tasks.contracts.accounts import AccountName
from tasks.operated import operated


@operated("publish-templates")
async def publish_templates(
    path: Annotated[str, Field(min_length=1, max_length=4096, description="Folder of templates, or a table of them.")],
    accounts: Annotated[list[AccountName] | None, Field(max_length=128, description="Accounts; empty: all.")] = None,
    at: Annotated[AwareDatetime | None, Field(description="Instant of publication; empty: now.")] = None,
) -> dict[str, object]:
    """Checks message templates and publishes them: all of them, or none where one cannot work.

    Args:
        path: Folder of `*.toml` templates, or a CSV, NDJSON or Parquet file with the columns of table `template`.
        accounts: Execution accounts; empty: all of the roster.
        at: Instant of publication of templates that do not say their own; empty: now.
    """
    runs = account_runs(accounts)
    sources = stage.read_templates(Path(path))
    instant = at or datetime.now(UTC)
    done = {run.account.name: stage.publish_templates(run.store, sources, at=instant) for run in runs}
    for name, publication in done.items():
        if publication.published:
            announce("templates.published", name, published=publication.published)
    rows = [{"account": name, **vars(publication)} for name, publication in done.items()]
    await show_table("publish-templates", rows, f"Templates of {path}")
    return {
        "templates": sources.height,
        "published": sum(publication.published for publication in done.values()),
        "unchanged": sum(publication.unchanged for publication in done.values()),
        "accounts": list(done),
    }
