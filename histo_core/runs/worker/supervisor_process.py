"""Supervise a workspace: one supervisor at a time, for as long as anything is active."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO

from histo_core.errors import StoreError
from histo_core.locks import try_lock
from histo_core.regular_files import parse_json, read_regular
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.command import Command, worker_command
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.supervisor import START_SECONDS, Supervisor
from histo_core.runs.worker.suspended import lock_holders_woken
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 30.0
IDLE_EXIT_SECONDS = 900.0
LOCK_SECONDS = 20.0


def lock_file(workspace: Workspace) -> Path:
    """Return the file that the live supervisor locks and writes its identity to."""
    return workspace.locks / "supervisor.lock"


def supervisor_identity(workspace: Workspace) -> ProcessIdentity | None:
    """Return the live supervisor of a workspace, or None."""
    try:
        identity = ProcessIdentity(**parse_json(read_regular(lock_file(workspace), 4096)))
    except (OSError, ValueError, TypeError):
        return None
    return identity if identity.alive() else None


def supervise(
    workspace: Workspace,
    *,
    idle_exit_seconds: float = IDLE_EXIT_SECONDS,
    poll_seconds: float = POLL_SECONDS,
    grace_seconds: float = GRACE_SECONDS,
    start_seconds: float = START_SECONDS,
    command: Command = worker_command,
    beside: Callable[[Workspace], object] | None = None,
) -> None:
    """Supervise a workspace until nothing has been active for a while; return at once when another process does.

    A launch first adds its row and then looks for a supervisor. A supervisor that exits first removes its identity
    and then looks at the queue. So at least one of the two sees the other, and no launch is lost.

    Args:
        workspace: holds the runs.
        idle_exit_seconds: exit after this time without a queued or running run.
        poll_seconds: time between two polls.
        grace_seconds: time that a worker may take to stop before its process group is killed.
        start_seconds: time that a worker may hold a device without working on its run: before it claims the run, or
            after the run's end.
        command: returns the command line of a run's worker.
        beside: called at each poll, for the layers above runs.

    Raises:
        StoreError: the store cannot be opened.
    """
    store = Store.open(workspace)
    while (lock := _lock_unless_served(workspace)) is not None:
        with lock:
            _sign(lock, json.dumps(asdict(ProcessIdentity.current())))
            served = Supervisor(workspace, store, grace_seconds, command, start_seconds=start_seconds, beside=beside)
            with lock_holders_woken(served.workers):
                _serve(served, idle_exit_seconds, poll_seconds)
            _sign(lock, "")
        if not lock_file(workspace).exists() or not store.any_active():
            return


def _lock_unless_served(workspace: Workspace) -> IO[str] | None:
    """Take the lock; return None where a live supervisor holds it.

    A killed supervisor's lock may outlive it for a moment in a worker that was just being started. Giving up because
    of that would leave no supervisor at all.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while (lock := try_lock(lock_file(workspace))) is None:
        if supervisor_identity(workspace) is not None or time.monotonic() > deadline:
            return None
        time.sleep(0.05)
    return lock


def _serve(supervisor: Supervisor, idle_exit_seconds: float, poll_seconds: float) -> None:
    LOG.info("supervisor %d serves %s", os.getpid(), supervisor.workspace.home)
    last_active = time.monotonic()
    while time.monotonic() - last_active <= idle_exit_seconds:
        if not lock_file(supervisor.workspace).exists():
            LOG.info("the workspace is gone")
            return
        try:
            if supervisor.poll():
                last_active = time.monotonic()
        except StoreError as error:
            LOG.warning("will try again: %s", error)
        except Exception:  # an unexpected error of one run must not end the process that supervises all of them
            LOG.exception("will try again")
        time.sleep(poll_seconds)
    LOG.info("idle for %.0f s, leaving", idle_exit_seconds)


def _sign(lock: IO[str], text: str) -> None:
    lock.truncate(0)
    lock.write(text)
    lock.flush()
