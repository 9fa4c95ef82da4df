"""Commands on the events of an account: one per stage."""

from pathlib import Path
from typing import Annotated

import typer

from deployments.command_line.options import Account, Now
from deployments.command_line.output import AsJson, note, show
from deployments.command_line.running import run_flow
from tasks.contracts.vocabulary import Queue
from tasks.exchange.inbox import is_unfinished

Paths = Annotated[list[Path], typer.Argument(exists=True, help="Files or folders.")]
QueueOption = Annotated[Queue, typer.Option("--queue", help="Queue of the events.")]


def ingest(
    paths: Paths, account: Account, queue: QueueOption = "batch", now: Now = None, as_json: AsJson = False
) -> None:
    """Take event files into a queue."""
    from flows.ingest_events import ingest_events

    counts = run_flow(ingest_events, account=account, queue=queue, paths=_texts(paths), now=now)
    show(vars(counts), as_json=as_json, title=f"Ingested into {account}, queue {queue}")
    _tell_of_files(paths, counts.known_files, counts.unreadable_files)


def process(account: Account, queue: QueueOption, now: Now = None, as_json: AsJson = False) -> None:
    """Link due events to templates and deliveries; `deliver` hands them over."""
    from flows.process_batch_events import process_batch_events
    from flows.process_rt_events import process_rt_events

    flow = process_batch_events if queue == "batch" else process_rt_events
    counts = run_flow(flow, account=account, deliver=False, now=now)
    show(counts, as_json=as_json, title=f"Processed on {account}, queue {queue}")


def deliver(account: Account, now: Now = None, as_json: AsJson = False) -> None:
    """Hand over what `process` routed."""
    from flows.deliver_events import deliver_events

    counts = run_flow(deliver_events, account=account, now=now)
    show(counts, as_json=as_json, title=f"Handed over on {account}")


def logs(
    paths: Paths,
    account: Account,
    log_format: Annotated[
        str, typer.Option("--format", help="auto, canonical, a provider, postfix, exim or dsn.")
    ] = "auto",
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Store delivery logs."""
    from flows.collect_delivery_logs import collect_delivery_logs
    from tasks.contracts.provider_logs import LOG_FORMATS

    if log_format not in LOG_FORMATS:
        raise typer.BadParameter(f"'{log_format}' is no log format known here: {', '.join(LOG_FORMATS)}")
    counts = run_flow(collect_delivery_logs, account=account, paths=_texts(paths), format=log_format, now=now)
    show(vars(counts), as_json=as_json, title=f"Delivery logs of {account}")
    _tell_of_files(paths, counts.known_files, counts.unreadable_files)


def update_status(account: Account, now: Now = None, as_json: AsJson = False) -> None:
    """Give events the status that their logs say."""
    from flows.update_event_status import update_event_status

    counts = run_flow(update_event_status, account=account, now=now)
    show(vars(counts), as_json=as_json, title=f"Statuses on {account}")


def archive(account: Account, now: Now = None, as_json: AsJson = False) -> None:
    """Bring an account's changes to the control store, and prove it."""
    from flows.archive_events import archive_events

    result = run_flow(archive_events, account=account, now=now)
    shown = {"upserted": result.upserted, "proof": result.proof, "ignored_columns": result.ignored_columns}
    show(shown, as_json=as_json, title=f"Archived from {account}")
    if not any(result.upserted.values()):
        note("Nothing had changed since the last archive run.")


def purge(
    account: Account,
    apply: Annotated[bool, typer.Option("--apply", help="Delete; left out, only tell what would go.")] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than the account's retention, in the account and in the archive."""
    from flows.purge_events import purge_events

    result = run_flow(purge_events, account=account, dry_run=not apply, now=now)
    title = f"Purged from {account}" if apply else f"Would be purged from {account}"
    show({"dry_run": result.dry_run, "deleted": result.deleted}, as_json=as_json, title=title)
    if not apply:
        note("Nothing was deleted: this was a dry run. Delete with --apply.")
    for one in result.compacted:
        note(
            f"The file of store {one.store} was rewritten: {one.bytes_before:,} bytes before, {one.bytes_after:,} now."
        )


def _texts(paths: list[Path]) -> list[str]:
    return [str(path) for path in paths]


def _tell_of_files(paths: list[Path], known: int, unreadable: int) -> None:
    for path in filter(is_unfinished, paths):
        note(f"{path} is still being written, by its name (.part, .tmp, leading dot): it was left alone.")
    if known:
        note(f"{known} file(s) had been taken in before, by content: nothing was done with them.")
    if unreadable:
        note(f"{unreadable} file(s) could not be read: they are in `rejected/` beside a .reason.txt.")
