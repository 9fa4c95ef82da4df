"""The Prefect server of `message-center up`: the one that is there, or one that is started."""

import socket
import time
from typing import Final

from prefect.settings import PREFECT_API_URL

from deployments.child import Child
from deployments.running_server import is_healthy
from deployments.server import ServerUnreachableError

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 180.0


def ensure_server(server: Child, url: str, port: int) -> None:
    """Returns when a server answers at `url`; where none does, it is started.

    Raises:
        ServerUnreachableError: The address is set and nobody answers there, the port is somebody else's, or the
            server that was started ended.
    """
    if is_healthy(url):
        return
    if PREFECT_API_URL.value():
        raise ServerUnreachableError(
            f"The Prefect server at {url} does not answer. Start it, or unset PREFECT_API_URL to have one started here."
        )
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ServerUnreachableError(
                f"Port {port} is taken by what is no Prefect server, or one that is still starting. "
                "Choose another: message-center up --port N"
            )
    server.start()
    give_up = time.monotonic() + START_SECONDS
    while not is_healthy(url):
        if server.ended() is not None or time.monotonic() > give_up:
            raise ServerUnreachableError(f"The Prefect server did not start; what it said is in {server.log}")
        time.sleep(0.2)
