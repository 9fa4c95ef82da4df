"""The service as its callers have it: a process of its own, at a port of its own."""

import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from tasks.account_run import AccountRun


@dataclass
class RunningIntake:
    """A running service, and what is needed to call it."""

    url: str
    token: str
    run: AccountRun
    process: "subprocess.Popen[bytes]"
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30, trust_env=False
        )

    def push(self, *events: dict[str, object], **parameters: str) -> httpx.Response:
        return self.client.post("/accounts/alpha/events", json=list(events), params=parameters)

    def end(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def wait_for(service: RunningIntake) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert service.process.poll() is None, "it ended"
        with suppress(httpx.TransportError):
            if service.client.get("/health").status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("it never answered")
