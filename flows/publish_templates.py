"""Flow `publish-templates`: message templates into every execution account."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field

from tasks import publish_templates as stage
from tasks.account_run import account_runs
from tasks.announce import announce
from tasks.artifacts import show_markdown, show_table
from tasks.contracts.accounts import AccountName
from tasks.exchange.templates.template_diffs import as_markdown
from tasks.operated import operated
from tasks.settings import Settings
from tasks.store.publish_templates import Change


@operated("publish-templates")
async def publish_templates(
    path: Annotated[str, Field(min_length=1, max_length=4096, description="Folder of templates, or a table of them.")],
    accounts: Annotated[list[AccountName] | None, Field(max_length=128, description="Accounts; empty: all.")] = None,
    at: Annotated[AwareDatetime | None, Field(description="Instant of publication; empty: now.")] = None,
    by: Annotated[
        str | None, Field(max_length=200, description="Who publishes; empty: the user whose process it is.")
    ] = None,
) -> dict[str, object]:
    """Checks message templates and publishes them: all of them in all accounts, or none where one cannot work.

    Args:
        path: Folder of `*.toml` templates, or a CSV, NDJSON or Parquet file with the columns of table `template`.
        accounts: Execution accounts; empty: all of the roster.
        at: Instant of publication of templates that do not say their own; empty: now.
        by: Who publishes, for the templates' history; empty: the user whose process it is.
    """
    settings = Settings()
    # What a crash left half published may concern any account, not only those asked for.
    everywhere = {run.account.name: run.store for run in account_runs(None)}
    stores = {run.account.name: run.store for run in account_runs(accounts)}
    finished = stage.finish_publications(everywhere, journal=settings.publications)
    sources = stage.read_templates(Path(path))
    now = datetime.now(UTC)
    instant = at or now
    changes = stage.compare_templates(stores, sources, at=instant)
    await show_markdown("templates-diff", as_markdown(changes), f"What publishing {path} changes")
    done = stage.publish_templates(
        stores, sources, at=instant, change=Change(by or settings.user, now), journal=settings.publications
    )
    for name, publication in done.items():
        if publication.published:
            announce("templates.published", name, published=publication.published)
    rows = [{"account": name, **vars(publication)} for name, publication in done.items()]
    await show_table("publish-templates", rows, f"Templates of {path}")
    return {
        "templates": sources.height,
        "published": sum(publication.published for publication in done.values()),
        "unchanged": sum(publication.unchanged for publication in done.values()),
        "finished_publications": finished,
        "accounts": list(done),
    }
