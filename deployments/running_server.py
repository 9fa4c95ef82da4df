"""The Prefect server that `message-center up` runs for a home: commands find it without being told."""

import os
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from tasks.settings import Settings

ADDRESS: Final = "PREFECT_API_URL"
HEALTH_SECONDS: Final = 2.0


def use_running_server() -> None:
    """Sets the address of the server that is up for this home, where the environment names none.

    It has to come before Prefect is imported, which reads the environment then.
    """
    file = address_file(Settings())
    if ADDRESS not in os.environ and file.exists():
        url = file.read_text(encoding="utf-8").strip()
        if is_healthy(url):
            os.environ[ADDRESS] = url


def address_file(settings: Settings) -> Path:
    """Where `message-center up` says what server the accounts of a home have."""
    return settings.home / "prefect" / "api-url"


def is_healthy(url: str) -> bool:
    """Whether a Prefect server answers at the address of its API."""
    try:
        with urlopen(f"{url}/health", timeout=HEALTH_SECONDS) as answer:  # noqa: S310 # an address of ours
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError, ValueError):
        return False
