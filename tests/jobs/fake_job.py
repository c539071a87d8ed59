"""A kind of job that tests steer; as a program it is the job's process."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from histo_core.errors import ConfigError
from histo_core.jobs.kinds import JOBS, JobKind
from histo_core.jobs.params import JobParams
from histo_core.progress import Progress
from histo_core.workspace import Workspace


class SteeredParams(JobParams):
    steps: int = 1
    seconds: float = 0.0
    note: str | None = None
    fail: str = ""
    deaf: bool = False

    @property
    def subject(self) -> str:
        return f"work of {self.steps}"


def run(params: SteeredParams, workspace: Workspace, progress: Progress) -> None:
    del workspace
    if params.note:
        with Path(params.note).open("a") as file:
            file.write("began\n")
    if params.fail == "known":
        raise ConfigError("Found this.", "That is allowed.", "Do the other.")
    if params.fail == "unknown":
        raise ZeroDivisionError("two\nlines")
    while params.deaf:
        time.sleep(0.1)
    for step in range(params.steps):
        time.sleep(params.seconds)
        progress(step + 1, params.steps)


def register() -> None:
    JOBS.add("steered", JobKind("Steered", SteeredParams, run))


def forget() -> None:
    del JOBS._members["steered"]


if __name__ == "__main__":
    from histo_core.jobs.process import work_on_job

    logging.basicConfig(level=logging.INFO)
    register()
    sys.exit(work_on_job(sys.argv[1], Workspace.default()))
