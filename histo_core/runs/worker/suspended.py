"""Processes that were suspended (SIGSTOP) while they held the database: everybody else waits for them."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psutil

from histo_core.runs.worker.process_identity import ProcessIdentity

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_LOCKS = Path("/proc/locks")


def wake_lock_holders(processes: Collection[ProcessIdentity]) -> list[int]:
    """Let suspended processes that hold a lock on a file go on, as SQLite locks its file while it writes.

    One that was suspended while it held none, as almost always, stays as it is. Only Linux tells who holds a lock.

    Args:
        processes: those that may be woken.

    Returns:
        The process ids of those that were.
    """
    woken = []
    for process in processes:
        if process.alive() and _is_suspended(process.pid) and process.pid in _lock_holders():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signal.SIGCONT)
                LOG.warning("process %d was suspended while it held the database, and was woken", process.pid)
                woken.append(process.pid)
    return woken


@contextmanager
def lock_holders_woken(processes: Callable[[], Collection[ProcessIdentity]]) -> Iterator[None]:
    """Do so every second beside a block of code, which may wait for the database itself.

    Args:
        processes: names those that may be woken, each time.
    """
    done = Event()

    def watch() -> None:
        while not done.wait(LOOK_SECONDS):
            wake_lock_holders(processes())

    thread = Thread(target=watch, name="wake lock holders", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _is_suspended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return False


def _lock_holders() -> set[int]:
    """Who holds POSIX locks, which SQLite takes; ours of whole files are of another kind."""
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return set()
    fields = [line.split() for line in lines]
    return {int(words[4]) for words in fields if len(words) > 4 and words[1] == "POSIX" and words[4].isdigit()}
