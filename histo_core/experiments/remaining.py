"""How long an experiment will still take, from its members that have finished or from a trial before any has."""

from __future__ import annotations

from datetime import UTC, datetime

from histo_core.experiments.results import Summary
from histo_core.jobs.cost_estimate import load_estimate
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace


def seconds_left(found: Summary, workspace: Workspace) -> float | None:
    """Roughly how long until its last run ends; None where nothing is known yet, or nothing goes on.

    Each run is taken to need as long as those that have finished did on average, else as long as a trial of the
    experiment's configuration told. As many are taken to run at one time as do now.

    Args:
        found: as it stands.
        workspace: where estimates are kept.
    """
    runs = [member.run for member in found.members if member.run is not None]
    each = _seconds_each(runs, found, workspace)
    if not found.goes_on or each is None:
        return None
    running = [run for run in runs if run.status is RunStatus.RUNNING]
    rest = [max(each - _seconds(run), 0.0) for run in running]
    return (sum(rest) + each * (found.to_come - len(running))) / max(len(running), 1)


def _seconds_each(runs: list[Run], found: Summary, workspace: Workspace) -> float | None:
    took = [_seconds(run) for run in runs if run.status is RunStatus.SUCCEEDED]
    if took:
        return sum(took) / len(took)
    trial = load_estimate(found.experiment.config, workspace)
    return None if trial is None else trial.seconds_total


def _seconds(run: Run) -> float:
    """Since it was started last."""
    if run.started_at is None:
        return 0.0
    return ((run.ended_at or datetime.now(UTC)) - run.started_at).total_seconds()
