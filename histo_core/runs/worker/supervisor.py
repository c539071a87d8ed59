"""Start queued runs, detect dead workers and kill workers that do not stop.

The supervisor is separate from the web server, so that a restart or a crash of the server does not affect a run. When
the supervisor dies, its workers continue and the next supervisor adopts them: each run's row names its worker.
"""

from __future__ import annotations

import logging
import math
import signal
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from histo_core.runs.store.queue import next_queued
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.run_rows import ClaimedRun
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.command import Command, child_environment
from histo_core.runs.worker.exit_words import exit_words, memory_advice
from histo_core.runs.worker.process_identity import ProcessIdentity, boot_id
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

START_SECONDS = 300.0
# A worker of another machine, or of an earlier boot, is judged by its heartbeat, which is due every 5 s. The time
# without one is measured here, because any machine's time of day may be wrong or may be set.
SILENCE_SECONDS = 60.0


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    identity: ProcessIdentity | None
    """None where the process ended before it could be identified."""
    run_id: str
    devices: frozenset[str]
    needed: bool = True
    """False once its run was seen ended; the exit of this worker then says nothing about a run that is queued again."""
    late: bool = False
    """Whether it was killed because it did not start its run in time."""


class Supervisor:
    """A supervisor of a workspace's runs, one poll at a time. All waiting is measured with a monotonic clock."""

    def __init__(
        self,
        workspace: Workspace,
        store: Store,
        grace_seconds: float,
        command: Command,
        *,
        start_seconds: float = START_SECONDS,
        beside: Callable[[Workspace], object] | None = None,
    ) -> None:
        self.workspace = workspace
        self._store, self._command, self._beside = store, command, beside
        self._grace_seconds, self._start_seconds = grace_seconds, start_seconds
        self._children: dict[int, _Child] = {}
        self._asked_to_stop: dict[ProcessIdentity, float] = {}
        self._at_work: dict[ProcessIdentity, float] = {}
        """When each worker, our own or adopted, was last seen working on its run, else when it was started."""
        self._heard: dict[ProcessIdentity, tuple[datetime | None, float]] = {}
        """The last heartbeat of each worker on another machine, and when it was first seen here."""

    def workers(self) -> Collection[ProcessIdentity]:
        """All workers that are known to be alive, our own and adopted ones."""
        return list(self._at_work)

    def poll(self) -> bool:
        """Poll once: record ends, carry out cancellations, start runs. Returns whether any run is active."""
        exit_codes = self._reap()
        busy = {device for child in self._children.values() for device in child.devices}
        current = set[ProcessIdentity]()
        for held in self._store.running():
            if not self._worker_is_alive(held):
                # A worker that ended since the line above gives its exit code now.
                if held.worker.pid not in exit_codes:
                    exit_codes |= self._reap()
                self._end_run(held, exit_codes.get(held.worker.pid))
                continue
            busy |= held.run.devices
            current.add(held.worker)
            self._at_work[held.worker] = time.monotonic()
            if held.run.cancel_requested:
                self._stop(held.worker)
        self._stop_idle_workers(current)
        while (run := next_queued(self._store, busy)) is not None:
            busy |= run.devices
            self._start(run)
        if self._beside is not None:
            self._beside(self.workspace)
        return self._store.any_active()

    def _reap(self) -> dict[int, int]:
        """Collect our own workers that have ended; return their exit codes by process id.

        A run that such a worker was started for and never claimed fails, with a reason.
        """
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

    def _stop_idle_workers(self, at_work: Collection[ProcessIdentity]) -> None:
        """Kill workers that hang and hold a device: before they claim their run, or after its end.

        The rest of a dead worker's process group is killed at once.
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

    def _worker_is_alive(self, held: ClaimedRun) -> bool:
        if held.worker.boot == boot_id():
            return held.worker.alive()
        beat, since = self._heard.get(held.worker, (None, -math.inf))
        if held.run.heartbeat_at != beat:
            self._heard[held.worker] = held.run.heartbeat_at, time.monotonic()
            return True
        return time.monotonic() - since < SILENCE_SECONDS

    def _end_run(self, held: ClaimedRun, exit_code: int | None) -> None:
        """Record that a run's worker has ended: the run is interrupted, or cancelled if that was asked before."""
        held.worker.kill()  # the rest of its group
        self._asked_to_stop.pop(held.worker, None)
        self._heard.pop(held.worker, None)
        how = "is gone" if exit_code is None else exit_words(exit_code)
        if held.run.cancel_requested:
            status, reason = RunStatus.CANCELLED, f"Cancelled; its worker {how} without a last checkpoint."
        else:
            status, reason = (
                RunStatus.INTERRUPTED,
                f"Its worker {how}; resume the run to go on from its last checkpoint.",
            )
            if exit_code == -signal.SIGKILL:
                reason += memory_advice(held.run)
        if self._store.finish(held.run.run_id, held.worker, status, reason):
            LOG.warning("%s: %s", held.run.run_id, reason)
