"""The process that starts queued runs, notices dead workers and kills those that will not stop.

It is apart from the web server, so that neither a restart nor a crash of the server touches a run. When it dies
itself its workers go on, and the next supervisor adopts them: who works on a run stands in the run's row.
"""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from histo_core.errors import StoreError
from histo_core.locks import try_lock
from histo_core.regular_files import parse_json, read_regular
from histo_core.runs.exit_words import exit_words, memory_advice
from histo_core.runs.job_folder import kill_stubborn_jobs
from histo_core.runs.processes import ProcessIdentity, boot_id
from histo_core.runs.queue import next_queued
from histo_core.runs.records import Run, RunStatus
from histo_core.runs.store import Held, Store
from histo_core.runs.suspended import lock_holders_woken
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 30.0
IDLE_EXIT_SECONDS = 900.0
START_SECONDS = 300.0
LOCK_SECONDS = 20.0
# The worker of another machine, or of a boot before this one, is judged by its heartbeat: one is due every 5 s. How
# long none came is measured here: the other machine's time of day may be wrong, and anybody's may be set.
SILENCE_SECONDS = 60.0
PROJECT = Path(__file__).resolve().parents[2]

Command = Callable[[str], Sequence[str]]


def worker_command(run_id: str) -> Sequence[str]:
    """The command line of a run's worker."""
    return [sys.executable, "-m", "histo_core", "worker", run_id]


def child_environment(workspace: Workspace) -> Mapping[str, str]:
    """The environment in which our own processes find the same workspace and the same code from any folder.

    OpenMP's threads sleep at a barrier instead of spinning: on two busy cores, where a browser and its server want
    their share, spinning made an epoch of a small network eight times slower (20 s against 2.4 s).
    """
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    ours = {"HISTOSCOPE_HOME": str(workspace.home), "PYTHONPATH": path}
    return {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ | ours


def lock_file(workspace: Workspace) -> Path:
    """The file that the living supervisor has locked, and in which it says who it is."""
    return workspace.locks / "supervisor.lock"


def supervisor_identity(workspace: Workspace) -> ProcessIdentity | None:
    """The living supervisor of a workspace, or None."""
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
) -> None:
    """Serve a workspace until nothing has been active for a while; return at once when another process serves it.

    A launch adds its row first and looks for a supervisor afterwards; a leaving supervisor withdraws its name
    first and looks at the queue afterwards. So of the two at least one sees the other, and no launch is lost.

    Args:
        workspace: whose runs to look after.
        idle_exit_seconds: leave after this long without a queued or running run.
        poll_seconds: how often to look.
        grace_seconds: how long a worker may take to stop before its process group is killed.
        start_seconds: how long a worker may hold a device without being at work on its run: before it claims it, or
            after its end.
        command: the command line of a run's worker.

    Raises:
        StoreError: the store cannot be opened.
    """
    store = Store.open(workspace)
    while (lock := _lock_unless_served(workspace)) is not None:
        with lock:
            _sign(lock, json.dumps(asdict(ProcessIdentity.current())))
            served = Supervisor(workspace, store, grace_seconds, command, start_seconds=start_seconds)
            with lock_holders_woken(served.workers):
                _serve(served, idle_exit_seconds, poll_seconds)
            _sign(lock, "")
        if not lock_file(workspace).exists() or not store.any_active():
            return


def _lock_unless_served(workspace: Workspace) -> IO[str] | None:
    """The lock, or None where a living supervisor has it.

    A killed one's lock may outlive it for a moment, in a worker that was just being started: whoever left because of
    that would leave nobody.
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
            if supervisor.look():
                last_active = time.monotonic()
        except StoreError as error:
            LOG.warning("will try again: %s", error)
        except Exception:  # one run that nobody thought of must not end the process that looks after all of them
            LOG.exception("will try again")
        time.sleep(poll_seconds)
    LOG.info("idle for %.0f s, leaving", idle_exit_seconds)


def _sign(lock: IO[str], text: str) -> None:
    lock.truncate(0)
    lock.write(text)
    lock.flush()


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    identity: ProcessIdentity | None
    """None where it had ended before anybody could ask."""
    run_id: str
    devices: frozenset[str]
    needed: bool = True
    """False once its run was seen ended: a run that is queued again is not judged by how this worker ends."""
    late: bool = False
    """Whether it was killed because it did not begin."""


class Supervisor:
    """One look at a time; `supervise` repeats it. All waiting is measured by the clock that nobody sets."""

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        grace_seconds: float,
        command: Command,
        *,
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.workspace = workspace
        self._store, self._command = store, command
        self._grace_seconds, self._start_seconds = grace_seconds, start_seconds
        self._children: dict[int, _Child] = {}
        self._asked_to_stop: dict[ProcessIdentity, float] = {}
        self._at_work: dict[ProcessIdentity, float] = {}
        """When each worker, of ours or adopted, was last seen at work on its run, else when it was started."""
        self._heard: dict[ProcessIdentity, tuple[datetime | None, float]] = {}
        """The last heartbeat of each worker of elsewhere, and when it was first seen here."""

    def workers(self) -> Collection[ProcessIdentity]:
        """All workers that are known to be alive: of ours and adopted ones."""
        return list(self._at_work)

    def look(self) -> bool:
        """Notice ends, carry out cancellations, start what can start. Returns whether any run is active."""
        exit_codes = self._reap()
        busy = {device for child in self._children.values() for device in child.devices}
        current = set[ProcessIdentity]()
        for held in self._store.running():
            if not self._works(held):
                # One that ended since the line before is asked for its exit code now.
                exit_codes = exit_codes if held.worker.pid in exit_codes else exit_codes | self._reap()
                self._end(held, exit_codes.get(held.worker.pid))
                continue
            busy |= held.run.devices
            current.add(held.worker)
            self._at_work[held.worker] = time.monotonic()
            if held.run.cancel_requested:
                self._stop(held.worker)
        self._end_idle(current)
        while (run := next_queued(self._store, busy)) is not None:
            busy |= run.devices
            self._start(run)
        kill_stubborn_jobs(self.workspace)
        return self._store.any_active()

    def _reap(self) -> dict[int, int]:
        """Exit codes of our own workers that have ended, by process id."""
        codes = {pid: code for pid, child in self._children.items() if (code := child.process.poll()) is not None}
        for pid, code in codes.items():
            child = self._children.pop(pid)
            how = f"{exit_words(code)} before it began"
            if child.late:
                how = f"did not begin within {self._start_seconds:,.0f} s, and was killed"
            reason = f"Its worker {how}; see log.txt in its folder."
            if child.needed and self._store.fail_unclaimed(child.run_id, pid, reason):
                LOG.warning("%s: %s", child.run_id, reason)
        return codes

    def _start(self, run: Run) -> None:
        folder = self.workspace.run_folder(run.run_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "log.txt").open("ab") as log:
                process = subprocess.Popen(
                    self._command(run.run_id),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.workspace.home,
                    env=child_environment(self.workspace),
                    start_new_session=True,
                )
        except OSError as error:
            self._store.fail_unclaimed(run.run_id, None, f"Its worker could not be started: {error}.")
            return
        LOG.info("%s: worker %d on %s", run.run_id, process.pid, run.device)
        identity = ProcessIdentity.of(process.pid)
        self._children[process.pid] = _Child(process, identity, run.run_id, run.devices)
        if identity is not None:
            self._at_work[identity] = time.monotonic()

    def _end_idle(self, at_work: Collection[ProcessIdentity]) -> None:
        """Kill workers that hang and hold a device: before they claim their run, or after its end.

        What is left of a dead worker's group goes at once: it waits for nobody.
        """
        now = time.monotonic()
        for worker, seen in list(self._at_work.items()):
            if worker in at_work:
                continue
            if not worker.alive():
                worker.kill()
                del self._at_work[worker]
                self._asked_to_stop.pop(worker, None)
                continue
            child = self._children.get(worker.pid)
            if child is not None:
                child.needed = self._store.is_active(child.run_id)
            begins = child is not None and child.needed
            if now - seen > (self._start_seconds if begins else self._grace_seconds):
                if child is not None:
                    child.late = begins
                worker.kill()

    def _stop(self, worker: ProcessIdentity) -> None:
        asked = self._asked_to_stop.get(worker)
        if asked is None:
            self._asked_to_stop[worker] = time.monotonic()
            worker.terminate()
        elif time.monotonic() - asked > self._grace_seconds:
            worker.kill()

    def _works(self, held: Held) -> bool:
        if held.worker.boot == boot_id():
            return held.worker.alive()
        beat, since = self._heard.get(held.worker, (None, -math.inf))
        if held.run.heartbeat_at != beat:
            self._heard[held.worker] = held.run.heartbeat_at, time.monotonic()
            return True
        return time.monotonic() - since < SILENCE_SECONDS

    def _end(self, held: Held, exit_code: int | None) -> None:
        held.worker.kill()  # what is left of its group
        self._asked_to_stop.pop(held.worker, None)
        self._heard.pop(held.worker, None)
        how = "is gone" if exit_code is None else exit_words(exit_code)
        if held.run.cancel_requested:
            status, reason = RunStatus.CANCELLED, f"Cancelled; its worker {how} without a last checkpoint."
        else:
            status, reason = RunStatus.LOST, f"Its worker {how}; resume the run to go on from its last checkpoint."
            if exit_code == -signal.SIGKILL:
                reason += memory_advice(held.run)
        if self._store.finish(held.run.run_id, held.worker, status, reason):
            LOG.warning("%s: %s", held.run.run_id, reason)
