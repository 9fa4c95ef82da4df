import socket
import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path

import prefect.settings
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.server import SERVER_SETTINGS, ServerUnreachableError, server_or_none
from deployments.server import server as server_or_error
from tasks.settings import PROJECT

TABLE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["prefect"]


def leaves(table: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def test_the_environment_and_pyproject_say_the_same() -> None:
    from_table = {
        "_".join(("PREFECT", *path)).upper(): str(value).lower() if isinstance(value, bool) else str(value)
        for path, value in leaves(TABLE)
    }
    assert from_table == SERVER_SETTINGS


def test_prefect_knows_every_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    from_table = prefect.settings.Settings()
    monkeypatch.chdir(tmp_path)
    default = prefect.settings.Settings()
    for name, value in SERVER_SETTINGS.items():
        monkeypatch.setenv(name, value)
    read = prefect.settings.Settings()
    for path, _ in leaves(TABLE):
        assert reduce(getattr, path, read) == reduce(getattr, path, from_table) != reduce(getattr, path, default)


@pytest.mark.usefixtures("no_server")
def test_no_server_set_is_no_error_unless_one_is_needed() -> None:
    assert server_or_none() is None
    with pytest.raises(ServerUnreachableError, match="export PREFECT_API_URL"):
        server_or_error()


def test_a_server_that_is_set_but_dead_is_an_error_that_says_what_to_do(dead_server: str) -> None:
    with pytest.raises(ServerUnreachableError, match=r"prefect server start.*unset PREFECT_API_URL") as raised:
        server_or_none()
    assert dead_server in str(raised.value)


def test_a_server_that_does_not_answer_in_time_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}), pytest.raises(ServerUnreachableError, match="no answer"):
            server_or_none()


def test_a_living_server_is_told_by_its_address(server: str) -> None:
    assert server_or_none() == server
