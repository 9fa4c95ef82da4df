"""How the flows reach their users: as Prefect deployments and as a command line."""
