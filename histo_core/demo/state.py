"""Tell how far the demo is, from its job, its record and its runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from histo_core.demo.kind import KIND
from histo_core.demo.record import DemoRecord, FirstMap, read_record
from histo_core.jobs.state import Job, job_folders
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.search import runs_by_id
from histo_core.workspace import Workspace

StepName = Literal["draw", "audit", "train", "intervals", "map"]


@dataclass(frozen=True)
class DemoStep:
    """One step of the demo.

    Attributes:
        done, total: patches, networks or maps; a total of 0 is not known yet.
        begun: whether it is at work or finished, not waiting for another step.
    """

    name: StepName
    done: int = 0
    total: int = 0
    begun: bool = False

    @property
    def finished(self) -> bool:
        return 0 < self.total <= self.done


@dataclass(frozen=True)
class DemoState:
    """The state of the demo: its job, its steps in order, its runs that still exist, and its first map."""

    job: Job
    steps: tuple[DemoStep, ...]
    runs: tuple[Run, ...]
    first_map: FirstMap | None

    @property
    def finished(self) -> bool:
        """Return whether all was made, and all its runs are still there."""
        return self.job.state == "succeeded" and all(step.finished for step in self.steps)


def newest_demo(workspace: Workspace) -> Job | None:
    """Return the job of the demo that was started last, however many patches it draws; None where there is none."""
    folders = [folder for folder in job_folders(workspace) if folder.path.name.startswith(f"{KIND}-")]
    found = [job for folder in folders if (job := folder.poll()) is not None]
    return max(found, key=lambda job: job.asked_at, default=None)


def demo_state(store: Store, workspace: Workspace) -> DemoState | None:
    """Return the state of the demo that was started last; None where it was never started."""
    job = newest_demo(workspace)
    if job is None:
        return None
    record = read_record(workspace)
    found = {} if record is None else runs_by_id(store, record.run_ids)
    runs = tuple(found.values())
    return DemoState(job, _steps(job, record, runs), runs, None if record is None else record.first_map)


def _steps(job: Job, record: DemoRecord | None, runs: Sequence[Run]) -> tuple[DemoStep, ...]:
    if record is None:
        later: tuple[StepName, ...] = ("audit", "train", "intervals", "map")
        return (DemoStep("draw", job.done, job.total, begun=True), *map(DemoStep, later))
    networks = len(record.run_ids)
    trained = [run for run in runs if run.status is RunStatus.SUCCEEDED]
    scored = sum(run.results is not None for run in trained)
    return (
        DemoStep("draw", record.patches, record.patches, begun=True),
        DemoStep("audit", int(record.audited), 1, begun=True),
        DemoStep("train", len(trained), networks, begun=True),
        DemoStep("intervals", scored, networks, begun=scored > 0),
        DemoStep("map", int(record.first_map is not None), 1, begun=bool(trained)),
    )
