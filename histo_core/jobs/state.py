"""Keep a job on disk: a small file with its progress, a lock that its live process holds, a flag that stops it."""

from __future__ import annotations

import re
import shutil
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, Literal

from pydantic import AwareDatetime, ValidationError

from histo_core.config import Config
from histo_core.errors import RunError
from histo_core.files import read_json, write_atomically, write_json
from histo_core.locks import is_locked, try_lock
from histo_core.regular_files import JSON_BYTES, read_regular
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.steady_clock import Moment
from histo_core.storable import storable_text
from histo_core.workspace import Workspace

JobState = Literal["waiting", "running", "succeeded", "failed", "cancelled", "lost"]

START_SECONDS = 60.0
"""Seconds after which a job without a process is interrupted (state "lost"); Python starts within seconds, even on a
busy machine."""
GRACE_SECONDS = 30.0
"""Seconds from the request to stop to SIGKILL."""
KEPT = timedelta(days=30)
"""How long an ended job is kept."""

_STOP_FLAG = "cancel"
_JOB_ID = re.compile(r"[a-z_]+-[0-9a-f]{16}")


class Job(Config):
    """A job: its kind, its parameters and its progress.

    ``error`` says why it failed, was cancelled or was interrupted, in sentences for a page. Times have a time zone.
    ``total`` is 0 until the task has reported how much there is to do. A task with several counts starts each at 0;
    ``counting_since`` is the start of the present count.

    Example:
        >>> from datetime import UTC, datetime
        >>> from histo_core.jobs.api import Job
        >>> job = Job(job_id="check-0123456789abcdef", kind="check", title="Check: phantom", params={},
        ...           state="running", asked_at=datetime.now(UTC), done=40, total=80)
        >>> job.active, f"{job.done / job.total:.0%}"
        (True, '50%')
    """

    job_id: str
    kind: str
    title: str
    params: dict[str, Any]
    state: JobState
    asked_at: AwareDatetime
    done: int = 0
    total: int = 0
    error: str = ""
    started_at: AwareDatetime | None = None
    counting_since: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    cancel_asked: bool = False
    process: ProcessIdentity | None = None
    asked: Moment | None = None
    """The same moment as ``asked_at``, on the clock that setting the time does not change."""

    @property
    def active(self) -> bool:
        """Return whether it is waiting for its process or running."""
        return self.state in ("waiting", "running")

    @property
    def interrupted(self) -> bool:
        """Return whether its process ended without recording how."""
        return self.state == "lost"


class JobFolder:
    """The folder of one job: ``job.json``, ``cancel`` while it is asked to stop, ``lock`` and ``log.txt``.

    The job's process holds the lock until it ends, however it ends. A process that queues the job holds it for a
    moment. Only the holder of the lock writes ``job.json``.
    """

    def __init__(self, job_id: str, workspace: Workspace) -> None:
        if not _JOB_ID.fullmatch(job_id):
            raise RunError(f"{job_id!r} is not a job's id.", "A kind, a hyphen and 16 hex digits.", "Check the name.")
        self.path = _root(workspace) / job_id

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    def lock(self) -> IO[str] | None:
        """Take the lock; return None where another process holds it."""
        return try_lock(self.path / "lock")

    def claim(self, seconds: float) -> IO[str] | None:
        """Take the lock, and wait for processes that hold it only for a moment."""
        deadline = time.monotonic() + seconds
        while (lock := self.lock()) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return lock

    def write(self, job: Job) -> None:
        """Replace the job's stored state."""
        job = job.model_copy(update={"error": storable_text(job.error)})  # it may contain a file name that is not UTF-8
        write_atomically(self.path / "job.json", job.model_dump_json(indent=2).encode())

    def read(self) -> Job | None:
        """Read the stored state; None where there is none, or none that this version can read."""
        try:
            job = Job.model_validate_json(read_regular(self.path / "job.json", JSON_BYTES))
        except (OSError, ValidationError):
            return None
        return job.model_copy(update={"cancel_asked": job.active and self._cancel.exists()})

    def poll(self) -> Job | None:
        """Return the present state: cancelled or interrupted without a process. Kill a job that does not stop."""
        job = self.read()
        while job is not None and job.active:
            if is_locked(self.path / "lock"):
                if job.cancel_asked and job.process is not None and self._stop_age() > GRACE_SECONDS:
                    job.process.kill()
                return job
            # Its process may have started or ended since the read: only a state that is the same afterwards counts.
            before, job = job, self.read()
            if job == before:
                return _judged(job)
        return job

    def without_holder(self) -> Job | None:
        """Return the job's present state, for a caller that holds its lock for a moment."""
        return _judged(self.read())

    def ask_to_stop(self) -> None:
        """Set the flag; only the first request counts, so that a second one does not delay the end."""
        if self._asked_to_stop() is None:
            try:
                write_json(self._cancel, asdict(Moment.now()))
            except OSError:  # a full disk has room for an empty file; the moment is written when there is more room
                self._cancel.touch()

    def withdraw_stop(self) -> None:
        """Remove the flag of an earlier attempt."""
        self._cancel.unlink(missing_ok=True)

    def stop_asked(self) -> bool:
        """Return whether a stop was requested."""
        return self._cancel.exists()

    def remove(self) -> None:
        """Remove the folder; only the holder of the lock may do so, and loses the lock."""
        gone = self.path.with_name(f".{self.path.name}.{token_hex(4)}")
        self.path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    @property
    def _cancel(self) -> Path:
        return self.path / _STOP_FLAG

    def _asked_to_stop(self) -> Moment | None:
        try:
            return Moment(**read_json(self._cancel))
        except (OSError, ValueError, TypeError):
            return None

    def _stop_age(self) -> float:
        """Return the seconds since a stop was requested; where the flag has no time, count from now on."""
        if (asked := self._asked_to_stop()) is not None:
            return asked.age()
        if self.stop_asked():
            with suppress(OSError):
                self.ask_to_stop()
        return 0.0


def job_folders(workspace: Workspace) -> list[JobFolder]:
    """Return the folders of all jobs; other files are skipped."""
    found = sorted(_root(workspace).glob("*/job.json"))
    return [JobFolder(file.parent.name, workspace) for file in found if _JOB_ID.fullmatch(file.parent.name)]


def kill_stubborn_jobs(workspace: Workspace) -> None:
    """Kill jobs that were asked to stop and did not, also when no page looks at them."""
    for flag in _root(workspace).glob(f"*/{_STOP_FLAG}"):
        if _JOB_ID.fullmatch(flag.parent.name):
            with suppress(OSError):  # an unreadable job must not block the others
                JobFolder(flag.parent.name, workspace).poll()


def remove_old_jobs(workspace: Workspace) -> None:
    """Remove the folders of jobs that ended more than thirty days ago. Their results are elsewhere and stay."""
    for folder in job_folders(workspace):
        if not _is_old(folder.poll()) or (lock := folder.lock()) is None:
            continue
        with lock:
            if _is_old(folder.without_holder()):  # it was not started again meanwhile
                folder.remove()
    for left in _root(workspace).glob(".*"):  # from a removal that was killed
        shutil.rmtree(left, ignore_errors=True)


def _judged(job: Job | None) -> Job | None:
    """Return the state of a job that has no process."""
    if job is None or not job.active or (job.state == "waiting" and job.asked and job.asked.age() < START_SECONDS):
        return job
    if job.cancel_asked:
        return job.model_copy(update={"state": "cancelled", "error": "It was stopped on request."})
    why = "never came up" if job.state == "waiting" else "is gone"
    error = f"Its process {why}: the machine was switched off, ran out of memory, or somebody stopped it."
    return job.model_copy(update={"state": "lost", "error": error})


def _is_old(job: Job | None) -> bool:
    return job is not None and not job.active and datetime.now(UTC) - (job.ended_at or job.asked_at) > KEPT


def _root(workspace: Workspace) -> Path:
    return workspace.home / "jobs"
