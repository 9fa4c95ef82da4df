"""What went wrong, in words that say what to do: on the command line, in a run's log, its artifact and its alert.

The table `KNOWN` is what docs/operators.md tells under "When something is wrong"; a test compares them.
"""

import errno
import os
from dataclasses import dataclass
from typing import Final

from tasks.settings import Settings

AGAIN: Final = "Nothing is lost; give the same command again then."
ADVICE: Final = {
    errno.ENOSPC: f"The disk is full: make room (done/ files, old backups, a purge). {AGAIN}",
    errno.EDQUOT: f"The quota is used up: make room, or have it raised. {AGAIN}",
    errno.EFBIG: f"A file may not grow that large here: raise the limit (ulimit -f). {AGAIN}",
    errno.EROFS: f"The file system is read-only: mount it for writing, or name another home. {AGAIN}",
    errno.EACCES: f"This user may not do that: give the folder to it, or run as its owner. {AGAIN}",
    errno.EPERM: f"This user may not do that: give the folder to it, or run as its owner. {AGAIN}",
    errno.EMFILE: f"Too many files are open: raise the limit (ulimit -n). {AGAIN}",
    errno.EIO: f"The disk fails: look at the machine's log, and at the stores with `message-center doctor`. {AGAIN}",
}
PASSING: Final = {
    errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ECONNABORTED,
    errno.ECONNREFUSED, errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH,
}  # fmt: skip
"""Errors of the operating system that are often gone a moment later: a share or a network that comes back."""
FAILED_PROOFS: Final = ("ArchiveProofError", "ConservationError")


@dataclass(frozen=True)
class Trouble:
    """An error that people meet; `name` is that of its class, so that nothing needs importing to know it."""

    name: str
    means: str
    do: str


KNOWN: Final = (
    Trouble("StoreBusyError", "another run holds the store", "wait, or stop that process: its lock goes with it"),
    Trouble(
        "StoreUnreadableError",
        "its file is damaged, cut short, or something else",
        "`message-center doctor`, then `restore`",
    ),
    Trouble(
        "StoreVersionError",
        "a newer program, or a newer DuckDB, has written it",
        "install what wrote it, or newer, and restart the workers",
    ),
    Trouble("ConservationError", "events are unaccounted for", "stop the account's flows, copy its store, report it"),
    Trouble(
        "CompactionError",
        "a store written anew was not what it was",
        "the old file is in place and whole; keep both, report it",
    ),
    Trouble(
        "ArchiveProofError",
        "a day differs between account and archive",
        "the message names account, table, day and both counts; nothing was deleted; run `archive` again, "
        "then report it",
    ),
    Trouble(
        "UnknownAccountError",
        "the roster in use has no such account",
        "`message-center accounts list`; add it, or take its deployments away: `message-center deploy --prune`",
    ),
    Trouble(
        "RosterError", "the accounts file has a mistake", "mend the file as the message says; the next runs go by it"
    ),
    Trouble(
        "SenderUnavailableError",
        "the sender took nothing",
        "look at the mail server; the events wait and are tried again, nothing is lost",
    ),
    Trouble("TemplateError", "templates are wrong", "mend all that the message lists and publish again; none was"),
    Trouble(
        "RunTimeoutError",
        "a run took longer than its flow may",
        "see which stage is slow in its `stages-...` artifact; start it again: it goes on from what it committed",
    ),
    Trouble("ValidationError", "a setting or a parameter is impossible", "mend what the message names, and restart"),
)
OTHERWISE: Final = "start the run again; where it fails again, `message-center doctor`, and report it with its log"


def told(error: BaseException) -> str:
    """An error's message, with what to do where the operating system gave it."""
    message = str(error) or type(error).__name__
    number = system_error(error)
    if number is None:
        return message
    where = "" if "/" in message else f", in {Settings().home}"
    return f"{message}{where}. {ADVICE[number]}"


def known(error: BaseException) -> Trouble | None:
    """The trouble that an error is, whatever it is derived from."""
    names = [one.__name__ for one in type(error).__mro__]
    return next((one for one in KNOWN if one.name in names), None)


def what_to_do(error: BaseException) -> str:
    """What to do about an error."""
    number = system_error(error)
    if number is not None:
        return ADVICE[number]
    trouble = known(error)
    return trouble.do if trouble else OTHERWISE


def in_one_line(error: BaseException) -> str:
    """What was wrong, where, and what to do."""
    line = " ".join(told(error).split())
    return line if system_error(error) is not None else f"{line.rstrip('.')}. What to do: {what_to_do(error)}."


def may_pass(error: BaseException) -> bool:
    """Whether the same may work a moment later: a store that is busy, a share or a network that comes back."""
    trouble = known(error)
    if trouble and trouble.name == "StoreBusyError":
        return True
    return isinstance(error, OSError) and error.errno in PASSING and system_error(error) is None


def system_error(error: BaseException | None) -> int | None:
    """The operating system's number of the error, or of what caused it; None where it gave none."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in ADVICE:
            return error.errno
        for number in ADVICE:
            if os.strerror(number) in str(error):
                return number
        error = error.__cause__ or error.__context__
    return None
