"""Publishes an account's store for reading, so that its queue can be looked at while the flows go on."""

from tasks.contracts.accounts import Account
from tasks.settings import Settings
from tasks.stage import stage
from tasks.store.connection import StoreFile
from tasks.store.copy_store import copy_store, is_copy
from tasks.store.lock import lock


@stage
def publish_account(settings: Settings, account: Account) -> bool:
    """Publishes an account's store as it stands; returns False where that was done already.

    Who has the former copy open keeps it.
    """
    published = settings.published_account(account.name)
    store = StoreFile(settings.account_store(account.name), "account", settings.lock_wait_seconds)
    alone, wait = published.with_suffix(".lock"), settings.lock_wait_seconds
    with lock(alone, exclusive=True, wait_seconds=wait, purpose=f"publishing account {account.name}"):
        if is_copy(store, published):
            return False
        copy_store(store, published)
        published.chmod(0o444)
        return True
