"""List the runs and experiments that ended lately, for the notices of a browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from histo_core.access import User, authorise
from histo_core.errors import RunError
from histo_core.experiments.api import get_experiment, runs_of
from histo_core.experiments.job_kinds import job_params
from histo_core.experiments.records import Experiment
from histo_core.jobs.api import find_job
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import ACTIVE, EXPERIMENT_RUNS, RUNS, to_run
from histo_core.workspace import Workspace

MOST = 100
"""Runs that are looked at; more than that end in no interval between two looks."""


@dataclass(frozen=True)
class Ending:
    """A run or an experiment that ended.

    Attributes:
        kind: which of the two.
        id: its id.
        sentence: its name and how it ended, as text.
        ended_at: when, UTC.
    """

    kind: Literal["run", "experiment"]
    id: str
    sentence: str
    ended_at: datetime


def endings(workspace: Workspace, since: datetime, *, user: User) -> tuple[Ending, ...]:
    """Return what ended after a moment, the earliest first.

    A run that was trained for an experiment is not listed itself: the experiment is, once its last run has ended.

    Args:
        workspace: that is looked at.
        since: the moment, with a time zone.
        user: who looks.

    Raises:
        PermissionDeniedError: the user may not see runs.
    """
    authorise(user, "run.read")
    ended = sa.select(RUNS).where(RUNS.c.ended_at > since, RUNS.c.status.not_in(ACTIVE))
    with Store.open(workspace).database.read() as connection:
        rows = connection.execute(ended.order_by(RUNS.c.ended_at.desc()).limit(MOST)).mappings().all()
        runs = {run.run_id: run for run in map(to_run, rows)}
        member = EXPERIMENT_RUNS.c.run_id.in_(list(runs)) & ~EXPERIMENT_RUNS.c.reused
        members = connection.execute(sa.select(EXPERIMENT_RUNS.c.experiment_id, EXPERIMENT_RUNS.c.run_id).where(member))
        pairs = [(row[0], row[1]) for row in members]
    found = [_of_run(run) for run in runs.values() if run.run_id not in {run_id for _, run_id in pairs}]
    found += _of_experiments({experiment_id for experiment_id, _ in pairs}, workspace)
    return tuple(sorted(found, key=lambda one: (one.ended_at, one.id)))


def _of_run(run: Run) -> Ending:
    words = "has finished" if run.status is RunStatus.SUCCEEDED else f"has ended: {run.status.word}"
    return Ending("run", run.run_id, f"{run.name or run.config.model.name} {words}.", run.ended_at or run.created_at)


def _of_experiments(ids: Iterable[str], workspace: Workspace) -> list[Ending]:
    found = []
    for experiment_id in sorted(ids):
        try:
            experiment = get_experiment(experiment_id, workspace)
        except RunError:  # deleted meanwhile, or unreadable
            continue
        runs = list(runs_of(experiment, workspace).values())
        times = [run.ended_at for run in runs if run.ended_at is not None]
        if not times or any(run.status.active for run in runs) or _goes_on(experiment, workspace):
            continue
        good = sum(run.status is RunStatus.SUCCEEDED for run in runs)
        sentence = f"{experiment.name} has ended: {good:,} of {len(runs):,} runs finished."
        found.append(Ending("experiment", experiment_id, sentence, max(times)))
    return found


def _goes_on(experiment: Experiment, workspace: Workspace) -> bool:
    """Return whether a process may still start further runs of the experiment."""
    if not experiment.protocol.driven or experiment.cancelled_at is not None:
        return False
    job = find_job("sweep", job_params(experiment.experiment_id), workspace)
    return job is not None and job.active
