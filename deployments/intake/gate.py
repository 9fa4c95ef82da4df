"""Who may call, how much, and how often."""

import base64
import binascii
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import Request

from deployments.intake.errors import CallError
from tasks.exchange.intake.tokens import Token, account_of, load_tokens
from tasks.settings import Settings

BURST_SECONDS: Final = 10.0
_UNAUTHORISED: Final = {"WWW-Authenticate": 'Bearer realm="message-center"'}


@dataclass
class Gate:
    """Tokens and limits of a home; tokens are read again when their file changes."""

    settings: Settings
    _tokens: tuple[Token, ...] = ()
    _read: tuple[int, int] = (0, 0)
    _allowances: dict[str, "Allowance"] = field(default_factory=dict)

    def account(self, token: str | None, name: str | None = None) -> str:
        """The account that a token opens, the named one where a name is given.

        Raises:
            CallError: No token, one that opens nothing, or another account's.
        """
        if not token:
            raise CallError(401, "Send the account's token: Authorization: Bearer TOKEN", headers=_UNAUTHORISED)
        found = account_of(self._known(), token, now=datetime.now(UTC))
        if found is None:
            raise CallError(
                401,
                "The token is unknown, revoked or has run out; make one with: message-center tokens new ACCOUNT",
                headers=_UNAUTHORISED,
            )
        if name is not None and found != name:
            raise CallError(403, f"The token does not open account {name}")
        return found

    def admit(self, account: str, events: int) -> None:
        """Counts events of an account.

        Raises:
            CallError: It sent too many of late; says when to go on.
        """
        rate = self.settings.intake_events_per_second
        if rate is None:
            return
        allowance = self._allowances.setdefault(account, Allowance(rate))
        if wait := allowance.take(events, at=time.monotonic()):
            raise CallError(
                429,
                f"The account may send {rate:g} events a second; go on in {wait} s",
                headers={"Retry-After": str(wait)},
            )

    def _known(self) -> tuple[Token, ...]:
        stamp = _stamp(self.settings.tokens_path)
        if stamp != self._read:
            self._tokens, self._read = load_tokens(self.settings.tokens_path), stamp
        return self._tokens


@dataclass
class Allowance:
    """So many events a second on average, ten seconds' worth at once."""

    rate: float
    _left: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        """Begins full."""
        self._left = self.rate * BURST_SECONDS

    def take(self, events: int, *, at: float) -> int:
        """Takes events; returns in how many seconds they can be taken where they cannot be now, else 0."""
        most = self.rate * BURST_SECONDS
        if self._at is not None:
            self._left = min(most, self._left + (at - self._at) * self.rate)
        self._at = at
        asked = min(float(events), most)  # a large call must wait for all there can be, and is not refused for ever
        if asked > self._left:
            return math.ceil((asked - self._left) / self.rate)
        self._left -= events
        return 0


def token_of(request: Request) -> str | None:
    """The token that a call carries: as a bearer's, or as the password of basic authentication."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


async def body_of(request: Request, most: int) -> bytes:
    """The body of a call.

    Raises:
        CallError: It is too large, or compressed.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise CallError(415, "Send the body as it is, not compressed")
    too_large = CallError(413, f"The body is larger than {most:,} bytes; send fewer events at once")
    if int(request.headers.get("content-length") or 0) > most:
        raise too_large
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise too_large
    return bytes(content)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return status.st_mtime_ns, status.st_ino
