"""What providers sign with, per account: kept where only the service's user can read it."""

import json
import os
from pathlib import Path


def load_secrets(path: Path) -> dict[str, dict[str, str]]:
    """Secrets by account and provider; none where there is no file yet."""
    try:
        secrets: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return secrets


def keep_secret(path: Path, account: str, provider: str, secret: str) -> None:
    """Keeps a secret in place of the one before it."""
    secrets = load_secrets(path)
    secrets.setdefault(account, {})[provider] = secret
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(secrets, file, indent=1)
    beside.replace(path)
