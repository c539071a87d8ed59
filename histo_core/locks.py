"""Locks that the operating system gives back when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from io import TextIOWrapper
from pathlib import Path

from histo_core.regular_files import open_regular


def try_lock(path: Path) -> TextIOWrapper | None:
    """Take an exclusive lock on a file, or return None when another process has it. Closing the file gives it back.

    The file, open at its end, is made when missing, with its folder. Whoever removes or renames it does so while
    holding the lock; a process that had opened it before then holds nobody's lock, and gets None.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A file that was moved away between the two lines took its lock with it: what we hold is nobody's.
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
    """Whether another process holds the lock. Looks share their hold, so that one is never taken for a holder."""
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
