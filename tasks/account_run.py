"""What every run on an account starts from: settings, the account, its store and the run's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tasks.contracts.accounts import Account
from tasks.exchange.roster import load_roster
from tasks.settings import Settings
from tasks.store.connection import StoreFile
from tasks.store.lock_holder import FLOW_RUN


class UnknownAccountError(LookupError):
    """The roster has no account of that name."""


@dataclass(frozen=True)
class AccountRun:
    """One run on one execution account."""

    settings: Settings
    account: Account
    store: StoreFile
    now: datetime


def account_run(name: str, now: datetime | None = None) -> AccountRun:
    """Reads settings and roster, and sets the clock of the run to `now` or to the real time.

    Raises:
        UnknownAccountError: The roster has no such account; names those it has.
    """
    settings = Settings()
    accounts = {account.name: account for account in load_roster(settings.roster_path)}
    if name not in accounts:
        known = ", ".join(accounts) or "none yet"
        raise UnknownAccountError(
            f"No account '{name}' in {settings.roster_path} (accounts: {known}). "
            f"Make it with: message-center accounts add {name}"
        )
    return run_on(settings, accounts[name], now)


def account_runs(names: Sequence[str] | None, now: datetime | None = None) -> list[AccountRun]:
    """The same for several accounts; for all of the roster where none is named.

    Raises:
        UnknownAccountError: The roster lacks one of them, or has none at all.
    """
    settings = Settings()
    if names:
        return [account_run(name, now) for name in names]
    accounts = load_roster(settings.roster_path)
    if not accounts:
        raise UnknownAccountError(
            f"{settings.roster_path} has no account yet. Make one with: message-center accounts add NAME"
        )
    return [run_on(settings, account, now) for account in accounts]


def run_on(settings: Settings, account: Account, now: datetime | None = None) -> AccountRun:
    """The same, for settings and an account at hand."""
    FLOW_RUN.set(_flow_run())
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    return AccountRun(settings, account, store, now or datetime.now(UTC))


def _flow_run() -> str | None:
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return f"{context.flow.name}/{context.flow_run.name}" if context.flow else context.flow_run.name
