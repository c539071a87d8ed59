"""Start, find and cancel jobs: long data work (checks, conversions, audits, maps, downloads) in detached processes.

A job continues when the browser is closed and when the server restarts. Its id is its kind and a hash of its
parameters. So the newest state of a job is found by its parameters, and the same job never runs twice at the same time.

Example:
    >>> from typing import get_args
    >>> from histo_core.jobs.api import JobState
    >>> get_args(JobState)
    ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'lost')
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from subprocess import CalledProcessError
from typing import Any

from histo_core.access import LOCAL, User, authorise
from histo_core.errors import RunError
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.jobs.state import Job, JobFolder, JobState, job_folders, remove_old_jobs
from histo_core.runs.api import spawn_supervisor
from histo_core.runs.worker.command import child_environment
from histo_core.runs.worker.process_identity import start_detached
from histo_core.runs.worker.steady_clock import Moment
from histo_core.runs.worker.supervisor_process import supervisor_identity
from histo_core.workspace import Workspace

__all__ = ["Job", "JobState", "cancel_job", "find_job", "job_id_of", "jobs", "start_job"]

_LOCK_SECONDS = 10.0


def command(job_id: str) -> Sequence[str]:
    """Return the command line of a job's process."""
    return [sys.executable, "-m", "histo_core", "job", job_id]


def start_job(kind: str, params: Mapping[str, Any], workspace: Workspace, *, user: User = LOCAL) -> Job:
    """Start a job, or return the active job of the same kind and parameters; this does not wait for the work.

    Args:
        kind: a name of `JOBS`.
        params: plain values of the kind's parameters; relative folders are relative to the working folder.
        workspace: holds the job and its results.
        user: who starts it.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or it has other parameters.
        PermissionDeniedError: the user may not start it.
        PathNotAllowedError, DataNotFoundError: a folder may not be used, or does not exist.
        RunError: the process could not be started.

    Example:
        >>> import time
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.jobs.api import find_job, start_job
        >>> from histo_core.workspace import Workspace
        >>> params = {"data": {"dataset": "phantom", "options": {"patches": 40, "patients": 4}}}
        >>> with TemporaryDirectory() as home:
        ...     workspace = Workspace(Path(home))
        ...     job = start_job("check", params, workspace)
        ...     while job.active:
        ...         time.sleep(0.1)
        ...         job = find_job("check", params, workspace)
        >>> job.title, job.state, job.done
        ('Check of all files: phantom', 'succeeded', 40)
    """
    member = JOBS[kind]
    wanted = parse_params(kind, params)
    authorise(user, member.action, wanted.subject)
    wanted.check_places(workspace)
    folder = JobFolder(job_id_of(kind, params), workspace)
    job = Job(
        job_id=folder.path.name,
        kind=kind,
        title=f"{member.title}: {wanted.subject}",
        params=wanted.model_dump(mode="json"),
        state="waiting",
        asked_at=datetime.now(UTC),
        asked=Moment.now(),
    )
    queued = _queue(job, folder)
    if queued is job:
        remove_old_jobs(workspace)
        _start_process(job, folder, workspace)
    return queued


def find_job(kind: str, params: Mapping[str, Any], workspace: Workspace) -> Job | None:
    """Return the newest state of a job; None where it was never started.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or it has other parameters.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.jobs.api import find_job
        >>> from histo_core.workspace import Workspace
        >>> with TemporaryDirectory() as home:
        ...     find_job("check", {"data": {"dataset": "phantom"}}, Workspace(Path(home))) is None
        True
    """
    return JobFolder(job_id_of(kind, params), workspace).poll()


def job_id_of(kind: str, params: Mapping[str, Any]) -> str:
    """Return the id of a job, whether it was ever started or not.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or it has other parameters.

    Example:
        >>> from histo_core.jobs.api import job_id_of
        >>> job_id_of("check", {"data": {"dataset": "phantom"}}).startswith("check-")
        True
    """
    values = parse_params(kind, params).model_dump(mode="json")
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def jobs(workspace: Workspace) -> list[Job]:
    """List all jobs of a workspace, the latest first.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.jobs.api import jobs
        >>> from histo_core.workspace import Workspace
        >>> with TemporaryDirectory() as home:
        ...     jobs(Workspace(Path(home)))
        []
    """
    found = [folder.poll() for folder in job_folders(workspace)]
    return sorted((job for job in found if job is not None), key=lambda job: job.asked_at, reverse=True)


def cancel_job(job_id: str, workspace: Workspace, *, user: User = LOCAL) -> Job:
    """Ask a job to stop; the supervisor kills it if it has not stopped within 30 s. An ended job does not change.

    Raises:
        PermissionDeniedError: the user may not cancel jobs.
        RunError: there is no such job.

    Example:
        >>> import time
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from histo_core.jobs.api import cancel_job, jobs, start_job
        >>> from histo_core.workspace import Workspace
        >>> params = {"data": {"dataset": "phantom", "options": {"patches": 4000, "patients": 40}}}
        >>> with TemporaryDirectory() as home:
        ...     workspace = Workspace(Path(home))
        ...     job = start_job("check", params, workspace)
        ...     job = cancel_job(job.job_id, workspace)
        ...     while job.active:
        ...         time.sleep(0.1)
        ...         job = jobs(workspace)[0]
        >>> job.state
        'cancelled'
    """
    authorise(user, "job.cancel", job_id)
    folder = JobFolder(job_id, workspace)
    job = folder.poll()
    if job is None:
        raise RunError(f"There is no job {job_id!r}.", "A job that was started is expected.", "Look at the list.")
    if job.active:
        folder.ask_to_stop()
        job = folder.poll() or job
    if job.active and job.process is not None and supervisor_identity(workspace) is None:
        with suppress(RunError):  # without a supervisor, the next process that looks at the job kills it
            spawn_supervisor(workspace)
    return job


def _queue(job: Job, folder: JobFolder) -> Job:
    """Record a job as waiting, unless it is active already; of several concurrent calls, one succeeds."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while time.monotonic() < deadline:
        known = folder.poll()
        if known is not None and known.active:
            return known
        if (lock := folder.lock()) is None:
            time.sleep(0.02)
            continue
        with lock:
            known = folder.without_holder()
            if known is not None and known.active:
                return known
            folder.withdraw_stop()
            folder.write(job)
            return job
    raise RunError(f"{job.title} is just ending.", "That takes a moment.", "Try again.")


def _start_process(job: Job, folder: JobFolder, workspace: Workspace) -> None:
    try:
        start_detached(
            command(job.job_id), log=folder.log, folder=workspace.home, environment=child_environment(workspace)
        )
    except (OSError, CalledProcessError) as error:
        reason = RunError(f"Its process could not be started: {error}.", "", f"Read {folder.log}, then try again.")
        folder.write(job.model_copy(update={"state": "failed", "error": str(reason), "ended_at": datetime.now(UTC)}))
        raise reason from None
