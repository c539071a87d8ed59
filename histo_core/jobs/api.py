"""Long pieces of data work (checks, conversions, audits, maps, downloads), each in a detached process of its own.

A job goes on when the browser is closed and when the server is started again. Its id is its kind with a hash of its
parameters, so that the newest state of a piece of work is found by what it is, and the same work is never done twice at
once.
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
from histo_core.runs.worker.supervision import supervisor_identity
from histo_core.workspace import Workspace

__all__ = ["Job", "JobState", "cancel_job", "find_job", "job_id_of", "jobs", "start_job"]

_LOCK_SECONDS = 10.0


def command(job_id: str) -> Sequence[str]:
    """The command line of a job's process."""
    return [sys.executable, "-m", "histo_core", "job", job_id]


def start_job(kind: str, params: Mapping[str, Any], workspace: Workspace, *, user: User = LOCAL) -> Job:
    """Start a job, or give the active one of the same kind and parameters; none of it waits for the work.

    Args:
        kind: a name of `JOBS`.
        params: plain values of the kind's parameters; relative folders are taken from the working folder.
        workspace: where the job is kept and works.
        user: who asks.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or the parameters are not its own.
        PermissionDeniedError: the user may not do it.
        PathNotAllowedError, DataNotFoundError: a folder may not be used, or is not there.
        RunError: the process could not be started.
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
    """The newest state of a piece of work; None where it was never started.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or the parameters are not its own.
    """
    return JobFolder(job_id_of(kind, params), workspace).look()


def job_id_of(kind: str, params: Mapping[str, Any]) -> str:
    """The id of a piece of work, whether it was ever started or not.

    Raises:
        UnknownNameError, ConfigError: there is no such kind, or the parameters are not its own.
    """
    values = parse_params(kind, params).model_dump(mode="json")
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def jobs(workspace: Workspace) -> list[Job]:
    """All jobs of a workspace, the latest first."""
    found = [folder.look() for folder in job_folders(workspace)]
    return sorted((job for job in found if job is not None), key=lambda job: job.asked_at, reverse=True)


def cancel_job(job_id: str, workspace: Workspace, *, user: User = LOCAL) -> Job:
    """Ask a job to stop; the supervisor kills one that did not within 30 s. One that has ended stays as it is.

    Raises:
        PermissionDeniedError: the user may not cancel jobs.
        RunError: there is no such job.
    """
    authorise(user, "job.cancel", job_id)
    folder = JobFolder(job_id, workspace)
    job = folder.look()
    if job is None:
        raise RunError(f"There is no job {job_id!r}.", "A job that was started is expected.", "Look at the list.")
    if job.active:
        folder.ask_to_stop()
        job = folder.look() or job
    if job.active and job.process is not None and supervisor_identity(workspace) is None:
        with suppress(RunError):  # without one, whoever looks at the job later kills it
            spawn_supervisor(workspace)
    return job


def _queue(job: Job, folder: JobFolder) -> Job:
    """Write a job down as waiting, unless it is active already; of many that try at once, one succeeds."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while time.monotonic() < deadline:
        known = folder.look()
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
