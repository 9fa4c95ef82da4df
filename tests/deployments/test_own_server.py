"""The server of `up`: used where it answers, else started, or it is said why not."""

import os
import socket
import sys
from pathlib import Path

import pytest

from deployments.child import Child
from deployments.own_server import ensure_server
from deployments.running_server import address_file, use_running_server
from deployments.server import ServerUnreachableError
from tasks.settings import Settings


@pytest.fixture
def never(tmp_path: Path) -> Child:
    """A server that ends at once."""
    return Child("server", [sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ), tmp_path)


def test_a_server_that_answers_is_used(shared_server: str, never: Child) -> None:
    ensure_server(never, shared_server, 1)
    assert not never.is_ours


@pytest.mark.usefixtures("no_server")
def test_a_port_of_somebody_else_is_left_alone(never: Child) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServerUnreachableError, match=rf"Port {port} is taken.*--port"):
            ensure_server(never, f"http://127.0.0.1:{port}/api", port)
    assert not never.is_ours


def test_where_an_address_is_set_no_other_server_is_started(dead_server: str, never: Child) -> None:
    with pytest.raises(ServerUnreachableError, match=r"does not answer.*unset PREFECT_API_URL"):
        ensure_server(never, dead_server, 1)
    assert not never.is_ours


@pytest.mark.usefixtures("no_server")
def test_a_server_that_ends_at_once_is_told_of_with_its_log(never: Child) -> None:
    with pytest.raises(ServerUnreachableError, match=r"server\.log"):
        ensure_server(never, "http://127.0.0.1:1/api", 1)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("kind", ["alive", "gone", "named already"])
def test_commands_find_the_server_that_is_up_unless_they_were_told_another(
    shared_server: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    if kind != "named already":
        monkeypatch.delenv("PREFECT_API_URL")
    file = address_file(Settings())
    file.parent.mkdir(parents=True)
    file.write_text("http://127.0.0.1:1/api" if kind == "gone" else shared_server)
    use_running_server()
    found = {"alive": shared_server, "gone": None, "named already": "http://127.0.0.1:9/api"}
    assert os.environ.get("PREFECT_API_URL") == found[kind]
