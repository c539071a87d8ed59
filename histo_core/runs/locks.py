"""Locks that the operating system gives back when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from histo_core.errors import StoreError


def try_lock(path: Path) -> IO[str] | None:
    """Take an exclusive lock on a file, or return None when another process has it. Closing the file gives it back.

    The file itself stays as long as its folder does: removing it would let two processes lock two files of one name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A folder that was removed between the two lines took its lock with it: what we hold is nobody's.
        ours = os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        ours = False
    if ours:
        return file
    file.close()
    return None


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock. Looks share their hold, so that one is never taken for a holder."""
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def locked(path: Path, timeout: float = 60.0) -> Iterator[None]:
    """Hold a lock for a block of code.

    Raises:
        StoreError: another process has kept the lock for ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    while (file := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise StoreError(
                f"Another process has held {path} for {timeout:.0f} s.",
                "It is held for seconds only, while the database is made or upgraded.",
                "Wait for that process, or stop it.",
            )
        time.sleep(0.02)
    with file:
        yield
