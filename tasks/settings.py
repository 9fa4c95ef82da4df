"""Where things are and how long to wait: read from `MESSAGE_CENTER_*` when a flow starts, never at import."""

import getpass
import os
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tasks.contracts.vocabulary import Queue

PROJECT = Path(__file__).parent.parent


def current_user() -> str:
    """Whose process this is, by name; by number where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


class Settings(BaseSettings):
    """The settings of one run."""

    model_config = SettingsConfigDict(env_prefix="MESSAGE_CENTER_", frozen=True)

    home: Path = Field(default=PROJECT / "data", description="Stores, inboxes, outboxes and published data.")
    lock_wait_seconds: float = Field(default=60, gt=0, description="How long a run waits for a store.")
    batch_messages: int | None = Field(
        default=None,
        ge=1,
        description="Messages per delivery batch, and claimed at once; left out: what suits the sender.",
    )
    max_file_bytes: int = Field(default=2**31, ge=1, description="Largest input file, uncompressed.")
    purge_chunk_rows: int = Field(default=100_000, ge=1, description="Rows purged in one transaction.")
    compact_free_share: float = Field(
        default=0.5, ge=0, le=1, description="Part of a store's file that is free after a purge before it is rewritten."
    )
    compact_free_bytes: int = Field(default=2**26, ge=0, description="And as many bytes of it, at least.")
    pass_log: Path | None = Field(
        default=None,
        description="Where the real-time loop notes when the steps of each pass were durable; for benchmarks.",
    )
    intake_max_body_bytes: int = Field(default=2**23, ge=1_024, description="Largest body of a call to the intake.")
    intake_max_events: int = Field(default=10_000, ge=1, description="Most events of one call.")
    intake_max_waiting: int = Field(
        default=1_000_000, ge=1, description="Events of an account that wait to be taken in before calls are refused."
    )
    intake_events_per_second: float | None = Field(
        default=None, gt=0, description="Events an account may send, on average; left out: as many as it likes."
    )
    user: str = Field(
        default_factory=current_user,
        description="Who changes templates, in their history; left out: whose process it is.",
    )
    alert_webhook: SecretStr | None = Field(default=None, description="Address that alerts are posted to as JSON.")
    alert_mail_to: str | None = Field(default=None, description="Who gets alerts by mail; commas between addresses.")
    alert_mail_from: str = Field(default="message-center@localhost", description="Whom these mails are from.")
    alert_smtp_host: str = Field(default="127.0.0.1", description="The server that takes them.")
    alert_smtp_port: int = Field(default=25, ge=1, le=65_535)
    alert_reminder_hours: float = Field(default=24, gt=0, description="After how long an alert is told again.")

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().resolve()

    @property
    def roster_path(self) -> Path:
        """The accounts file: in the home where one was named, else the project's own."""
        if "home" in self.model_fields_set:
            return self.home / "accounts.toml"
        return PROJECT / "deployments" / "accounts.toml"

    @property
    def publications(self) -> Path:
        """Publications that are under way."""
        return self.home / "publications"

    @property
    def control_store(self) -> Path:
        """The control store, which the archiving flow alone writes."""
        return self.home / "store" / "control.duckdb"

    @property
    def published_control(self) -> Path:
        """The copy of the control store that analysts read."""
        return self.home / "published" / "control.duckdb"

    @property
    def reports_page(self) -> Path:
        """The page of the three reports."""
        return self.home / "published" / "reports.html"

    def published_account(self, account: str) -> Path:
        """The copy of an account's store that people read."""
        return self.home / "published" / f"{account}.duckdb"

    def account_store(self, account: str) -> Path:
        """The store of an execution account."""
        return self.home / "store" / f"{account}.duckdb"

    def inbox(self, account: str, queue: Queue) -> Path:
        """Where event files of a queue arrive."""
        return self.home / "inbox" / account / queue

    def delivery_log_inbox(self, account: str) -> Path:
        """Where delivery logs arrive."""
        return self.home / "inbox" / account / "delivery-logs"

    def inboxes(self, account: str) -> tuple[Path, ...]:
        """Every folder in which files for an account arrive."""
        return (self.inbox(account, "batch"), self.inbox(account, "rt"), self.delivery_log_inbox(account))

    @property
    def tokens_path(self) -> Path:
        """What is kept of the tokens that the intake's callers have."""
        return self.home / "intake" / "tokens.json"

    @property
    def answers_path(self) -> Path:
        """What the intake's callers were answered."""
        return self.home / "intake" / "answers.sqlite"

    @property
    def webhook_secrets_path(self) -> Path:
        """What providers sign their webhooks with."""
        return self.home / "intake" / "webhook-secrets.json"

    def outbox(self, account: str) -> Path:
        """What the senders of an account write: batches, manifests, journals."""
        return self.home / "outbox" / account
