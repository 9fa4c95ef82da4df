"""What to do about an error of the operating system, which only says what it is."""

import errno
import os
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


def told(error: BaseException) -> str:
    """An error's message, with what to do where the operating system gave it."""
    message = str(error) or type(error).__name__
    number = system_error(error)
    if number is None:
        return message
    where = "" if "/" in message else f", in {Settings().home}"
    return f"{message}{where}. {ADVICE[number]}"


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
