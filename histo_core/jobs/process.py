"""Carry out one job in its own process, and always record how it ended."""

from __future__ import annotations

import logging
import os
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from histo_core.disk_errors import DISK, advice
from histo_core.errors import CancelledError, HistoscopeError
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.jobs.state import Job, JobFolder, JobState
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.runs.worker.retry import write_within
from histo_core.workspace import Workspace

LOG = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.25
CLAIM_SECONDS = 5.0
END_SECONDS = 60.0
"""Seconds for which a job tries to record how it ended."""


def work_on_job(job_id: str, workspace: Workspace) -> int:
    """Carry out a waiting job. Unless the process is killed, the job ends as succeeded, failed or cancelled.

    Args:
        job_id: a job that waits for its process.
        workspace: holds the job.

    Returns:
        The process's exit code: 0 when the job succeeded, else 1, also when another process works on it.

    Raises:
        RunError: no job has this id.
    """
    folder = JobFolder(job_id, workspace)
    lock = folder.claim(CLAIM_SECONDS)
    if lock is None:
        LOG.info("%s: another process works on it", job_id)
        return 1
    with lock:
        job = folder.read()
        if job is None or job.state != "waiting":
            LOG.info("%s: nothing waits to be done", job_id)
            return 1
        job = job.model_copy(
            update={"state": "running", "started_at": datetime.now(UTC), "process": ProcessIdentity.current()}
        )
        folder.write(job)
        ended = _carry_out(job, folder, workspace)
        write_within(END_SECONDS, partial(folder.write, ended), OSError)
        LOG.info("%s: %s %s", job_id, ended.state, ended.error)
    return 0 if ended.state == "succeeded" else 1


def _carry_out(job: Job, folder: JobFolder, workspace: Workspace) -> Job:
    report = _Reporter(folder, job)
    state: JobState = "succeeded"
    error = ""
    try:
        params = parse_params(job.kind, job.params)
        # This process may read what the start allowed, whatever its own working folder and settings are.
        allowed = replace(workspace, extra_roots=tuple(Path(path) for path in params.places()))
        report(0, 0)
        kind = JOBS[job.kind]
        os.nice(kind.niceness)
        kind.run(params, allowed, report)
    except CancelledError:
        state, error = "cancelled", "It was stopped on request."
    except HistoscopeError as known:
        state, error = "failed", str(known)
    except Exception as unexpected:
        if isinstance(unexpected, OSError) and unexpected.errno in DISK:
            named = f"{unexpected.filename}: " if unexpected.filename else ""
            error = f"{named}{unexpected.strerror}. {advice(unexpected)}, then start it again."
            return _ended(report.job, "failed", error)
        traceback.print_exc()
        what = " ".join(f"{type(unexpected).__name__}: {unexpected}".split())
        state, error = "failed", f"Unexpected error: {what}. The details are in {folder.log}."
    return _ended(report.job, state, error)


def _ended(job: Job, state: JobState, error: str) -> Job:
    return job.model_copy(update={"state": state, "error": error, "ended_at": datetime.now(UTC)})


class _Reporter:
    """A progress callback that writes to the job's file a few times a second and stops when the flag is set."""

    def __init__(self, folder: JobFolder, job: Job) -> None:
        self.job = job
        self._folder, self._written_at = folder, 0.0

    def __call__(self, done: int, total: int) -> None:
        if self._folder.stop_asked():
            raise CancelledError("It was stopped on request.")
        again = total != self.job.total or done < self.job.done
        since = datetime.now(UTC) if again else self.job.counting_since
        self.job = self.job.model_copy(update={"done": int(done), "total": int(total), "counting_since": since})
        if time.monotonic() - self._written_at < PROGRESS_SECONDS:
            return
        with suppress(OSError):  # a full disk ends the task later, where it writes its result, with a clearer error
            self._folder.write(self.job)
        self._written_at = time.monotonic()
