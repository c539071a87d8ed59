"""Lock files such that the operating system releases the lock when the holder dies, in whatever way."""

from __future__ import annotations

import fcntl
import os
from io import TextIOWrapper
from pathlib import Path

from histo_core.regular_files import open_regular


def try_lock(path: Path) -> TextIOWrapper | None:
    """Take an exclusive lock on a file, or return None when another process has it. Closing the file releases it.

    The file is created with its folder when missing, and is open at its end. A process may remove or rename it only
    while it holds the lock. Another process that had opened the file before then locks a stale file, and gets None.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A file that was moved between the two lines took its lock with it, so our lock is stale.
        ours = os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        ours = False
    except BaseException:
        file.close()
        raise
    if ours:
        return file
    file.close()
    return None


def is_locked(path: Path) -> bool:
    """Return whether another process holds the lock. Checks take a shared lock, so that none counts as a holder."""
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
