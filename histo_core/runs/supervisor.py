"""The process that starts queued runs, notices dead workers and kills those that will not stop.

It is apart from the web server, so that neither a restart nor a crash of the server touches a run. When it dies
itself its workers go on, and the next supervisor adopts them: who works on a run stands in the run's row.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from histo_core.errors import StoreError
from histo_core.locks import try_lock
from histo_core.regular_files import parse_json, read_regular
from histo_core.runs.processes import ProcessIdentity, boot_id
from histo_core.runs.queue import next_queued
from histo_core.runs.records import Run, RunStatus
from histo_core.runs.store import Held, Store
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5
GRACE_SECONDS = 30.0
IDLE_EXIT_SECONDS = 900.0
START_SECONDS = 300.0
# The worker of another machine, or of a boot before this one, is judged by its heartbeat: one is due every 5 s.
SILENCE = timedelta(seconds=60)
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
    while (lock := try_lock(lock_file(workspace))) is not None:
        with lock:
            _sign(lock, json.dumps(asdict(ProcessIdentity.current())))
            served = Supervisor(workspace, store, grace_seconds, command, start_seconds=start_seconds)
            _serve(served, idle_exit_seconds, poll_seconds)
            _sign(lock, "")
        if not lock_file(workspace).exists() or not store.any_active():
            return


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
    devices: frozenset[str]
    at_work: float
    """When it was last seen at work on its run, else when it was started; of the monotonic clock."""
    given_up: bool = False


class Supervisor:
    """One look at a time; `supervise` repeats it."""

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
        self._children: dict[str, _Child] = {}
        self._asked_to_stop: dict[ProcessIdentity, float] = {}

    def look(self) -> bool:
        """Notice ends, carry out cancellations, start what can start. Returns whether any run is active."""
        exit_codes = self._reap()
        busy = {device for child in self._children.values() for device in child.devices}
        for held in self._store.running():
            if not _works(held):
                # One that ended since the line before is asked for its exit code now.
                exit_codes = exit_codes if held.worker.pid in exit_codes else exit_codes | self._reap()
                self._end(held, exit_codes.get(held.worker.pid))
                continue
            busy |= held.run.devices
            if (child := self._children.get(held.run.run_id)) and child.process.pid == held.worker.pid:
                child.at_work = time.monotonic()
            if held.run.cancel_requested:
                self._stop(held.worker)
        self._give_up_idle()
        while (run := next_queued(self._store, busy)) is not None:
            busy |= run.devices
            self._start(run)
        return self._store.any_active()

    def _reap(self) -> dict[int, int]:
        """Exit codes of our own workers that have ended, by process id."""
        ended = {run_id: code for run_id, child in self._children.items() if (code := child.process.poll()) is not None}
        codes = {}
        for run_id, code in ended.items():
            child = self._children.pop(run_id)
            pid = child.process.pid
            codes[pid] = code
            how = f"{_exit_words(code)} before it began"
            if child.given_up:
                how = f"did not begin within {self._start_seconds:,.0f} s, and was killed"
            reason = f"Its worker {how}; see log.txt in its folder."
            if self._store.fail_unclaimed(run_id, pid, reason):
                LOG.warning("%s: %s", run_id, reason)
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
        self._children[run.run_id] = _Child(process, run.devices, time.monotonic())

    def _give_up_idle(self) -> None:
        """Kill workers that hang before they claim their run, or after they wrote its end: they hold a device."""
        for child in self._children.values():
            worker = ProcessIdentity.of(child.process.pid)
            if worker is not None and time.monotonic() - child.at_work > self._start_seconds:
                child.given_up = True
                worker.kill()

    def _stop(self, worker: ProcessIdentity) -> None:
        asked = self._asked_to_stop.get(worker)
        if asked is None:
            self._asked_to_stop[worker] = time.monotonic()
            worker.terminate()
        elif time.monotonic() - asked > self._grace_seconds:
            worker.kill()

    def _end(self, held: Held, exit_code: int | None) -> None:
        self._asked_to_stop.pop(held.worker, None)
        how = "is gone" if exit_code is None else _exit_words(exit_code)
        if held.run.cancel_requested:
            status, reason = RunStatus.CANCELLED, f"Cancelled; its worker {how} without a last checkpoint."
        else:
            status, reason = RunStatus.LOST, f"Its worker {how}; resume the run to go on from its last checkpoint."
            if exit_code == -signal.SIGKILL:
                reason += _memory_advice(held.run)
        if self._store.finish(held.run.run_id, held.worker, status, reason):
            LOG.warning("%s: %s", held.run.run_id, reason)


def _works(held: Held) -> bool:
    if held.worker.boot == boot_id():
        return held.worker.alive()
    return held.run.heartbeat_at is not None and datetime.now(UTC) - held.run.heartbeat_at < SILENCE


def _memory_advice(run: Run) -> str:
    """What to do when it was memory: the kernel kills without a word, so this is a guess, and says so."""
    held = f" It held {run.progress.memory_bytes / 2**30:.1f} GB when last seen." if run.progress else ""
    smaller = run.config.train.batch_size // 2
    advice = f"launch again with a batch size of {smaller}" if smaller else "resize to fewer pixels"
    return f"{held} If memory ran out, {advice}."


def _exit_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # real-time signals have none
        name = f"signal {-code}"
    return f"was killed by {name}{' (out of memory, or by hand)' if name == 'SIGKILL' else ''}"
