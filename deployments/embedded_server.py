"""A Prefect server for the length of one command: started beside it, and gone with it."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from types import TracebackType
from typing import Final, Self

import certifi

from deployments.running_server import is_healthy
from deployments.server import SERVER_SETTINGS

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 10.0
_IDLE_SERVICES: Final = (
    "CANCELLATION_CLEANUP", "EVENT_PERSISTER", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "REPOSSESSOR", "SCHEDULER",
    "TRIGGERS",
)  # fmt: skip
"""Services for deployments, of which this server has none, and for a history of events, which doubles its work."""


class EmbeddedServerError(RuntimeError):
    """The server did not start."""


@dataclass
class EmbeddedServer:
    """`with EmbeddedServer(home) as server:` starts it without waiting; `wait()` does that."""

    home: Path
    """Where its database and its log are; they stay."""
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def api_url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def client_settings(self) -> dict[str, str]:
        """What a client of it needs set, for `temporary_settings`.

        Its address has no TLS, yet Prefect loads certificates for each task that it runs: one of them costs a
        thousandth of all of them, which are 25 ms.
        """
        one = self.home / "certificate.pem"
        everything = Path(certifi.where()).read_text(encoding="utf-8")
        one.write_text(everything[everything.index(_BEGIN) : everything.index(_END) + len(_END)] + "\n")
        return {
            "api.url": self.api_url,
            "api.ssl_cert_file": str(one),
            "home": str(self.home),
        }

    @property
    def log(self) -> Path:
        """What it says."""
        return self.home / "server.log"

    def wait(self) -> float:
        """Returns when it answers; the seconds that this took.

        Raises:
            EmbeddedServerError: It ended, or did not answer in time.
        """
        start = time.perf_counter()
        while time.perf_counter() - start < START_SECONDS:
            if self._process is None or self._process.poll() is not None:
                break
            if is_healthy(self.api_url):
                return time.perf_counter() - start
            time.sleep(0.05)
        raise EmbeddedServerError(f"The embedded Prefect server did not start; what it said is in {self.log}")

    def __enter__(self) -> Self:
        """Starts it."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 # Prefect's own application
                [
                    sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app",
                    "--host", "127.0.0.1", "--port", str(self.port), "--log-level", "error", "--lifespan", "on",
                ],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {
            **others,
            **SERVER_SETTINGS,
            **{f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in _IDLE_SERVICES},
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_UI_ENABLED": "false",
            "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
            "DO_NOT_TRACK": "1",
        }


def _free_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
