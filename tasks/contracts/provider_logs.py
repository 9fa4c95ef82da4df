"""What a provider's payloads look like: a mapping from JSON paths to the fields of a delivery-log row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from tasks.contracts.vocabulary import Kind

WebhookFormat = Literal[
    "canonical", "ses", "sendgrid", "postmark", "mailgun", "sparkpost", "mailjet", "brevo", "mandrill", "resend",
    "mailersend", "mailtrap", "postal", "unisender_go", "mailomat", "sweego", "ahasend", "twilio", "vonage", "mmg",
    "firetext",
]  # fmt: skip
"""What providers post."""
LogFormat = WebhookFormat | Literal["auto", "postfix", "exim", "dsn"]
"""What a delivery log can be; `auto`: each row is what it looks like."""
LOG_FORMATS: Final[tuple[str, ...]] = tuple(name for part in get_args(LogFormat) for name in get_args(part))

Paths = tuple[str, ...]
"""JSONPaths into a payload; the first that leads to a value counts. `@` leads into one entry of a spread list."""


@dataclass(frozen=True)
class ProviderFormat:
    """How the payloads of a provider are read."""

    name: str
    marks: tuple[Paths, ...]
    """A payload is this provider's if all paths of one of these lead to something."""
    kind: tuple[Paths, ...]
    """The words that say what happened, the general ones first: together they are looked up in `kinds`."""
    kinds: Mapping[str, Kind | None]
    """From words (lower case, joined by `/`) to a kind. Words that are not there are looked up without the last of
    them, and are `unknown` in the end. None: no row, as for a ping."""
    recipient: Paths
    message_id: Paths
    logged_at: Paths = ()
    """ISO 8601, or seconds or milliseconds since 1970. Without one, or where it lacks: when the log was received."""
    event_id: Paths = ()
    """Where our event id comes back: only whole numbers are taken for it."""
    headers: Paths = ()
    """Lists of mail headers (`name`, `value`), for `X-Event-ID`."""
    reason: Paths = ()
    source_id: Paths = ()
    """What tells a payload from its copy, where the provider says it."""
    url: Paths = ()
    """The link that was clicked."""
    user_agent: Paths = ()
    opens: Paths = ()
    """What payloads are packed in, from the outside in: an object, a list of payloads, or a text that is JSON."""
    spreads: Paths = ()
    """Lists of which each entry, a recipient mostly, is a row of its own."""
    message_id_part: str | None = None
    """The part of the message id that counts, as a regular expression with one group."""

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths of its fields."""
        asked = [*self.kind, self.recipient, self.message_id, self.logged_at, self.event_id, self.headers]
        asked += [self.reason, self.source_id, self.url, self.user_agent]
        return tuple(dict.fromkeys(path for paths in asked for path in paths))
