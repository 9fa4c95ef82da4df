"""The mailbox that bounces come to: its new mails become files of the inbox for delivery logs."""

import shutil
from pathlib import Path

from tasks.exchange.flush import flush


def fetch_bounces(maildir: Path, inbox: Path) -> int:
    """Moves the new mails of a Maildir into an inbox; returns how many these are.

    A crash in between leaves a mail where it was, or in both places: it is then known by its content.

    Raises:
        OSError: It cannot be read, or there is no room.
    """
    new = maildir / "new"
    mails = sorted(path for path in new.iterdir() if path.is_file()) if new.is_dir() else []
    if mails:
        inbox.mkdir(parents=True, exist_ok=True)
    for mail in mails:
        target = inbox / f"{mail.name.replace(':', '-').lstrip('.')}.eml"
        beside = inbox / f".{target.name}.part"
        shutil.copyfile(mail, beside)
        flush(beside)
        beside.replace(target)
    if mails:
        flush(inbox)
    for mail in mails:
        mail.unlink()
    return len(mails)
