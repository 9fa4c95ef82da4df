"""An execution account: one cell of the system, with its own store, sender and rules."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tasks.contracts.enrich_events import Enrichment
from tasks.contracts.thresholds import Thresholds
from tasks.contracts.vocabulary import CHANNELS, MAX_CELL_ID, Channel

AccountName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$", description="Execution account.")]
SenderName = Literal["outbox", "smtp", "webhook"]
PolicyName = Literal["message-center", "first-final-wins", "best-wins"]


class DomainLimit(BaseModel):
    """What a receiving domain takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_once: int | None = Field(default=None, ge=1, description="Messages on their way at one time.")
    per_minute: float | None = Field(default=None, gt=0, description="Messages a minute.")


class SmtpServer(BaseModel):
    """Where and how the `smtp` sender hands messages over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65_535)
    connections: int = Field(default=4, ge=1, le=64, description="Connections used side by side.")
    timeout_seconds: float = Field(default=30, gt=0, le=600)
    sender_address: str = Field(default="no-reply@localhost", description="Used where a template names none.")
    tls: Literal["opportunistic", "required", "implicit", "off"] = Field(
        default="opportunistic",
        description="`opportunistic`: STARTTLS where it is offered, whoever answers; the others check the certificate.",
    )
    ca_file: Path | None = Field(default=None, description="Certificates to check by; left out: the system's.")
    username: str | None = None
    password_variable: str = Field(
        default="MESSAGE_CENTER_SMTP_PASSWORD", description="Environment variable that holds the password."
    )
    dsn: tuple[Literal["failure", "delay", "success"], ...] = Field(
        default=("failure", "delay"), description="What to be told of by mail, where the server offers it (RFC 3461)."
    )
    bounce_address: str | None = Field(
        default=None, description="Where bounces go: `bounces@example.org` gets them as `bounces+EVENT_ID@example.org`."
    )
    bounce_maildir: Path | None = Field(default=None, description="Maildir whose new mails are read as delivery logs.")
    domains: dict[str, DomainLimit] = Field(default={}, description="Limits by receiving domain; `*` for each other.")

    @field_validator("bounce_address")
    @classmethod
    def _an_address(cls, address: str | None) -> str | None:
        if address is not None and address.count("@") != 1:
            raise ValueError(f"'{address}' is no mail address; write bounces@example.org")
        return address


class WebhookGateway(BaseModel):
    """Where and how the `webhook` sender posts messages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(default="", description='Address that takes them, as `{"messages": [...]}`.')
    secret_variable: str = Field(
        default="MESSAGE_CENTER_WEBHOOK_SECRET",
        description="Environment variable with the key that calls are signed by, in Base64 (`whsec_...`).",
    )
    messages_per_call: int = Field(default=100, ge=1, le=10_000)
    connections: int = Field(default=4, ge=1, le=64, description="Calls under way at one time.")
    timeout_seconds: float = Field(default=30, gt=0, le=600)


class Retention(BaseModel):
    """How long rows are kept, in days (design 3.6)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_days: int = Field(default=30, ge=1)
    archived_event_days: int = Field(default=360, ge=1)
    statistics_days: int = Field(default=360, ge=1)
    delivery_log_days: int = Field(default=180, ge=1)
    tracking_log_days: int = Field(default=360, ge=1)


class Retries(BaseModel):
    """How often a hand-over is tried: capped exponential back-off with full jitter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_tries: int = Field(default=5, ge=1, le=100)
    base_seconds: float = Field(default=60, gt=0)
    cap_seconds: float = Field(default=3_600, gt=0)


class Account(BaseModel):
    """One `[[account]]` table of the roster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: AccountName
    label: str = ""
    cell_id: int = Field(ge=0, le=MAX_CELL_ID)
    archive_every: timedelta = Field(default=timedelta(hours=1), ge=timedelta(minutes=1), le=timedelta(days=31))
    sender: SenderName = "outbox"
    channel_senders: dict[Channel, SenderName] = Field(default={}, description="Other senders, by channel.")
    smtp: SmtpServer = SmtpServer()
    webhook: WebhookGateway = WebhookGateway()
    fallback_channels: tuple[Channel, ...] = Field(
        default=(), description="What failed on one of these goes out on the next that it has an address for."
    )
    repeat_window_minutes: float | None = Field(
        default=None,
        gt=0,
        le=60 * 24 * 31,
        description="An event like one that goes out (type, channel, address, data) is not sent within that time.",
    )
    outcome_within_hours: float | None = Field(
        default=None, gt=0, description="A message that no log speaks of within that time has failed."
    )
    recycle_within_hours: float = Field(default=72, gt=0, description="What failed earlier is not sent again.")
    enrichment: Enrichment | None = None
    policy: PolicyName = "message-center"
    accepted_means_sent: bool = False
    parked_limit_days: int = Field(default=7, ge=1, description="Parked log rows older than this are reported.")
    retries: Retries = Retries()
    retention: Retention = Retention()
    thresholds: Thresholds = Thresholds()

    @property
    def senders(self) -> dict[Channel, SenderName]:
        """The sender of every channel."""
        return {channel: self.channel_senders.get(channel, self.sender) for channel in CHANNELS}

    @field_validator("name")
    @classmethod
    def _not_the_control_store(cls, name: str) -> str:
        if name.lower() == "control":
            raise ValueError("'control' names the control store; choose another name for the account")
        return name
