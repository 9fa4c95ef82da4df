"""Frames of publication: message templates as authored and as stored, and what can be wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import dataframely as dy

from tasks.contracts.frame import Frame
from tasks.contracts.vocabulary import CHANNELS, QUEUES


class TemplateSource(Frame):
    """A template as its author wrote it, before it has a version and an instant of publication."""

    template_id = dy.String(min_length=1, max_length=200)
    version = dy.Int32(nullable=True, min=1)  # null: the next free one
    event_type = dy.String(min_length=1)
    channel = dy.Enum(CHANNELS)
    queue = dy.Enum(QUEUES, nullable=True)  # null: both queues
    language = dy.String(nullable=True)  # null: any language
    priority = dy.Int32()
    condition = dy.String(nullable=True)  # Polars SQL over event columns and ctx fields
    published_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")  # null: now
    unpublished_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    paused = dy.Bool(nullable=True)  # null: as the version before it
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)
    sender = dy.String(nullable=True)  # From address; null: the account's


class Template(Frame):
    """One published version of a template (table `template`)."""

    template_id = dy.String(primary_key=True, min_length=1)
    version = dy.Int32(primary_key=True, min=1)
    event_type = dy.String(min_length=1)
    channel = dy.Enum(CHANNELS)
    queue = dy.Enum(QUEUES, nullable=True)
    language = dy.String(nullable=True)
    priority = dy.Int32()
    condition = dy.String(nullable=True)
    published_at = dy.Datetime(time_unit="us", time_zone="UTC")
    unpublished_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    paused = dy.Bool()
    subject = dy.String(nullable=True)
    body_text = dy.String(nullable=True)
    body_html = dy.String(nullable=True)
    sender = dy.String(nullable=True)


class RoutingTemplate(Frame):
    """What routing reads of a template version: no bodies."""

    template_id = dy.String(primary_key=True)
    version = dy.Int32(primary_key=True)
    event_type = dy.String()
    channel = dy.String()
    queue = dy.String(nullable=True)
    language = dy.String(nullable=True)
    priority = dy.Int32()
    condition = dy.String(nullable=True)
    published_at = dy.Datetime(time_unit="us", time_zone="UTC")
    unpublished_at = dy.Datetime(nullable=True, time_unit="us", time_zone="UTC")
    paused = dy.Bool()


class ListedTemplate(RoutingTemplate):
    """A template version as operators see it: no bodies."""

    subject = dy.String(nullable=True)
    sender = dy.String(nullable=True)
    state = dy.Enum(["scheduled", "superseded", "unpublished", "paused", "published"])


class TemplateChange(Frame):
    """What was done to a template version, by whom (table `template_change`, which nothing is ever taken from)."""

    template_id = dy.String()
    version = dy.Int32(min=1)
    action = dy.Enum(["published", "unpublished", "paused", "resumed"])
    effective_at = dy.Datetime(time_unit="us", time_zone="UTC")
    changed_at = dy.Datetime(time_unit="us", time_zone="UTC")
    changed_by = dy.String()
    content_hash = dy.String()  # SHA-256 of the version's content, hexadecimal


CONTENT_COLUMNS = (
    "event_type", "channel", "queue", "language", "priority", "condition", "subject", "body_text", "body_html",
    "sender",
)  # fmt: skip
"""What makes two versions of a template the same content."""


@dataclass(frozen=True)
class TemplateDiff:
    """How one new version differs from the one published last before it; all is new where there is none."""

    template_id: str
    version: int
    is_first: bool
    accounts: tuple[str, ...]
    text: str
    """A unified diff."""


@dataclass(frozen=True, order=True)
class TemplateProblem:
    """One thing that keeps templates from being published."""

    where: str
    """A file, its line where it holds several templates, or a template's id."""
    field: str
    what: str

    def __str__(self) -> str:
        """As told to the author."""
        return f"{self.where}: {self.field}: {self.what}" if self.field else f"{self.where}: {self.what}"


class TemplateError(ValueError):
    """Templates that cannot be published; lists everything that is wrong with them."""

    def __init__(self, problems: Sequence[TemplateProblem]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"No template was published. Put these right and publish again:{listed}")


class UnknownTemplateError(LookupError):
    """A template id that the account does not have."""
