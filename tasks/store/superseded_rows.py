"""What those who write to the control store tell the publication: rows that are no longer as they were published."""

from typing import Any

from tasks.contracts.publish_control import Edition
from tasks.store.connection import Session


def confirm_edition(session: Session, edition: Edition) -> None:
    """Notes in the control store which edition is published; every transaction on archived rows begins with it."""
    seen: dict[str, Any] = {
        "edition": edition.number,
        "follows": edition.follows,
        "superseded_upto": edition.superseded_upto,
    }
    session.change("publish_control/forget_superseded", **seen)
    session.change("publish_control/confirm_edition", **seen)
