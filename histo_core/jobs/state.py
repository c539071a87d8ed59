"""A job as it lies on disk: one small file that says how far it is, a lock that says it lives, a flag that stops it."""

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
"""A job whose process has not come up by then is lost; Python starts within seconds, even on a busy machine."""
GRACE_SECONDS = 30.0
"""From the wish to stop to SIGKILL."""
KEPT = timedelta(days=30)
"""How long an ended job is remembered."""

_STOP_FLAG = "cancel"
_JOB_ID = re.compile(r"[a-z_]+-[0-9a-f]{16}")


class Job(Config):
    """One long piece of data work: what it is, and how far it is.

    ``error`` says why it failed, was cancelled or was lost, in sentences for a page. Times know their time zone.
    ``total`` is 0 until the task has said how much there is to do; a task that counts several things one after the
    other starts again at 0, which ``counting_since`` tells.
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
    """The same as ``asked_at``, of the clock that nobody sets."""

    @property
    def active(self) -> bool:
        """Whether it waits for its process or is being carried out."""
        return self.state in ("waiting", "running")


class JobFolder:
    """Where one job lies: ``job.json``, ``cancel`` while it is asked to stop, ``lock`` and ``log.txt``.

    The lock is held by the job's process as long as that lives, however it dies, and for a moment by whoever queues
    the job. Only the holder of the lock writes ``job.json``.
    """

    def __init__(self, job_id: str, workspace: Workspace) -> None:
        if not _JOB_ID.fullmatch(job_id):
            raise RunError(f"{job_id!r} is not a job's id.", "A kind, a hyphen and 16 hex digits.", "Check the name.")
        self.path = _root(workspace) / job_id

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    def lock(self) -> IO[str] | None:
        """Take the lock, or None where someone else holds it."""
        return try_lock(self.path / "lock")

    def claim(self, seconds: float) -> IO[str] | None:
        """Take the lock, waiting for those who hold it for a moment only."""
        deadline = time.monotonic() + seconds
        while (lock := self.lock()) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return lock

    def write(self, job: Job) -> None:
        """Replace what is known of the job."""
        job = job.model_copy(update={"error": storable_text(job.error)})  # it may name a file that is not UTF-8
        write_atomically(self.path / "job.json", job.model_dump_json(indent=2).encode())

    def read(self) -> Job | None:
        """What was last written; None where nothing was, or nothing that this version understands."""
        try:
            job = Job.model_validate_json(read_regular(self.path / "job.json", JSON_BYTES))
        except (OSError, ValidationError):
            return None
        return job.model_copy(update={"cancel_asked": job.active and self._cancel.exists()})

    def look(self) -> Job | None:
        """The job as it is: one whose process is gone is cancelled or lost, and one that does not stop is killed."""
        job = self.read()
        while job is not None and job.active:
            if is_locked(self.path / "lock"):
                if job.cancel_asked and job.process is not None and self._stop_age() > GRACE_SECONDS:
                    job.process.kill()
                return job
            # Its process may have come up, or ended, since it was read: what counts is what is the same afterwards.
            before, job = job, self.read()
            if job == before:
                return _judged(job)
        return job

    def without_holder(self) -> Job | None:
        """The job as it is, for whoever holds its lock for a moment."""
        return _judged(self.read())

    def ask_to_stop(self) -> None:
        """Raise the flag; the first wish counts, so that asking twice does not put off the end."""
        if self._asked_to_stop() is None:
            try:
                write_json(self._cancel, asdict(Moment.now()))
            except OSError:  # a full disk has room for an empty file; the moment is written when there is more
                self._cancel.touch()

    def withdraw_stop(self) -> None:
        """Take the flag of an earlier attempt away."""
        self._cancel.unlink(missing_ok=True)

    def stop_asked(self) -> bool:
        """Whether somebody asked for an end."""
        return self._cancel.exists()

    def remove(self) -> None:
        """Remove all that lies there; whoever holds the lock may, and loses it with that."""
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
        """Seconds since somebody asked for an end; from now on where the flag does not say when."""
        if (asked := self._asked_to_stop()) is not None:
            return asked.age()
        if self.stop_asked():
            with suppress(OSError):
                self.ask_to_stop()
        return 0.0


def job_folders(workspace: Workspace) -> list[JobFolder]:
    """All jobs' folders; what else lies there is passed over."""
    found = sorted(_root(workspace).glob("*/job.json"))
    return [JobFolder(file.parent.name, workspace) for file in found if _JOB_ID.fullmatch(file.parent.name)]


def kill_stubborn_jobs(workspace: Workspace) -> None:
    """Kill jobs that were asked to stop and did not, however long ago somebody last looked at them."""
    for flag in _root(workspace).glob(f"*/{_STOP_FLAG}"):
        if _JOB_ID.fullmatch(flag.parent.name):
            with suppress(OSError):  # one that cannot be looked at stops nobody
                JobFolder(flag.parent.name, workspace).look()


def remove_old_jobs(workspace: Workspace) -> None:
    """Remove what is left of jobs that ended more than thirty days ago. What they made lies elsewhere and stays."""
    for folder in job_folders(workspace):
        if not _is_old(folder.look()) or (lock := folder.lock()) is None:
            continue
        with lock:
            if _is_old(folder.without_holder()):  # nobody started it again meanwhile
                folder.remove()
    for left in _root(workspace).glob(".*"):  # by a removal that was killed
        shutil.rmtree(left, ignore_errors=True)


def _judged(job: Job | None) -> Job | None:
    """What a job is that no process works on."""
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
