"""The command that brings deployments to a Prefect server."""

from collections import Counter
from typing import Annotated

import typer

from deployments.command_line.output import AsJson, note, print_json, show_rows

Prune = Annotated[bool, typer.Option("--prune", help="Delete what this project deployed and no longer wants.")]


def deploy(prune: Prune = False, as_json: AsJson = False) -> None:
    """Make the server's deployments equal to prefect.yaml and the accounts file."""
    from deployments import prune as pruning
    from deployments.deploy import deploy as deploy_all
    from deployments.server import server

    address = server()
    deployed = deploy_all()
    spare = pruning.surplus(each.id for each in deployed)
    if prune:
        deployed += pruning.prune(spare)
        spare = []
    if as_json:
        changes = Counter(each.change for each in deployed)
        counts = {change: changes[change] for change in ("created", "updated", "unchanged", "deleted")}
        surplus = [each.deployment for each in spare]
        result = {"server": address, **counts, "surplus": surplus}
        print_json({**result, "deployments": [vars(each) for each in deployed]})
    else:
        rows = [{"deployment": each.deployment, "change": each.change} for each in deployed]
        show_rows("deployments", rows, as_json=False, title=f"Deployments of {address}")
    if spare:
        names = ", ".join(each.deployment for each in spare)
        note(f"No longer wanted, but still on the server: {names}. Delete them: message-center deploy --prune")
