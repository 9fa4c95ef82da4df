"""The command that brings deployments to a Prefect server."""

from collections import Counter

from deployments.command_line.output import AsJson, print_json, show_rows


def deploy(as_json: AsJson = False) -> None:
    """Make the server's deployments equal to prefect.yaml and the accounts file."""
    from deployments.deploy import deploy as deploy_all
    from deployments.server import server

    address = server()
    deployed = deploy_all()
    if as_json:
        changes = Counter(each.change for each in deployed)
        counts = {change: changes[change] for change in ("created", "updated", "unchanged")}
        print_json({"server": address, **counts, "deployments": [vars(each) for each in deployed]})
        return
    rows = [{"deployment": each.deployment, "change": each.change} for each in deployed]
    show_rows("deployments", rows, as_json=False, title=f"Deployments of {address}")
