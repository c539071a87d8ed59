"""Estimate the remaining time of an experiment from its finished members, or from a dry run before any has finished."""

from __future__ import annotations

from datetime import UTC, datetime

from histo_core.experiments.results import Summary
from histo_core.jobs.cost_estimate import load_estimate
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace


def seconds_left(found: Summary, workspace: Workspace) -> float | None:
    """Estimate the seconds until the last run ends; None where nothing is known yet, or nothing is active.

    Each run is assumed to take as long as the finished ones did on average, else as long as the dry run of the
    experiment's configuration estimated. As many runs are assumed to run at a time as do now.

    Args:
        found: the current summary.
        workspace: the workspace that keeps the estimates.
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
    """Return the seconds since its last start, until its end where it has ended."""
    if run.started_at is None:
        return 0.0
    return ((run.ended_at or datetime.now(UTC)) - run.started_at).total_seconds()
