"""A Prefect server for the tests of how runs are operated, an account, and people who are reached by web and mail."""

import gc
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings
from servers import prefect_server

from tasks.contracts.accounts import Account
from tasks.exchange.roster import add_account
from tasks.settings import Settings
from tasks.store.connection import StoreFile, writing


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prefect_server(tmp_path_factory.mktemp("prefect")) as url:
        yield url
        _let_go_of_the_server()


def _let_go_of_the_server() -> None:
    """Prefect keeps connections for logs and events, and does not close those of its tasks' clients."""
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=10)
    gc.collect()


@pytest.fixture
def server(shared_server: str) -> Iterator[str]:
    with temporary_settings({PREFECT_API_URL: shared_server}):
        yield shared_server


@dataclass
class Hook:
    """A web server that keeps what is posted to it."""

    url: str = ""
    posted: list[dict[str, Any]] = field(default_factory=list)
    answer: int = 204

    def of(self, severity: str) -> list[dict[str, Any]]:
        return [one for one in self.posted if one["severity"] == severity]


@pytest.fixture
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(kept.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{listening.server_port}/services/s3cret"
    thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
    thread.start()
    yield kept
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: Account, hook: Hook) -> Settings:
    """A home with account alpha, whose store is made, and alerts to the hook."""
    monkeypatch.setenv("MESSAGE_CENTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MESSAGE_CENTER_LOCK_WAIT_SECONDS", "0.1")
    monkeypatch.setenv("MESSAGE_CENTER_ALERT_WEBHOOK", hook.url)
    made = Settings()
    add_account(made.roster_path, account)
    with writing(StoreFile(made.account_store(account.name), "account"), purpose="making the store"):
        return made
