"""Tokens of the accounts' callers: random, kept as digests only, each valid until it is revoked or has run out."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

PREFIX: Final = "mc"


class Token(BaseModel):
    """What is kept of a token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str
    token_id: str
    """Its first characters after the account's name: enough to tell it from others, too little to use it."""
    digest: str
    created_at: datetime
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return self.expires_at is None or now < self.expires_at


class TokensError(ValueError):
    """The file of tokens cannot be read."""


_TOKENS: Final = TypeAdapter(tuple[Token, ...])


def load_tokens(path: Path) -> tuple[Token, ...]:
    """All tokens of a home; none where there is no file yet.

    Raises:
        TokensError: The file is broken.
    """
    try:
        return _TOKENS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except ValidationError as error:
        raise TokensError(f"{path} is no file of tokens; make new ones with: message-center tokens new") from error


def new_token(path: Path, account: str, *, now: datetime, lifetime: timedelta | None = None) -> str:
    """Makes a token for an account and returns it: nobody can read it again later."""
    secret = secrets.token_urlsafe(32)
    token = f"{PREFIX}_{account}_{secret}"
    kept = Token(
        account=account,
        token_id=secret[:6],
        digest=digest_of(token),
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    _keep(path, (*load_tokens(path), kept))
    return token


def end_tokens(path: Path, account: str, *, at: datetime, only: Iterable[str] | None = None) -> list[str]:
    """Lets valid tokens of an account run out; left out: all of them. Returns the ids of those that do."""
    named, ended, kept = None if only is None else set(only), [], []
    for token in load_tokens(path):
        is_meant = token.account == account and (named is None or token.token_id in named)
        if is_meant and token.is_valid(at):
            ended.append(token.token_id)
            token = token.model_copy(update={"expires_at": at})  # noqa: PLW2901
        kept.append(token)
    _keep(path, kept)
    return ended


def account_of(tokens: Iterable[Token], text: str, *, now: datetime) -> str | None:
    """The account that a token opens; None where it opens none."""
    digest = digest_of(text)
    found = [each for each in tokens if hmac.compare_digest(each.digest, digest) and each.is_valid(now)]
    return found[0].account if found else None


def digest_of(token: str) -> str:
    """A plain digest is enough: a token has 256 random bits, and cannot be guessed from it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _keep(path: Path, tokens: Iterable[Token]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    content = [token.model_dump(mode="json", exclude_none=True) for token in tokens]
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
