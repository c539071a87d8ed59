"""Follow a sweep in a process of its own: prune poor trials, and launch the next one when one has ended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from histo_core.errors import CancelledError, ConfigError, RunError
from histo_core.experiments.api import as_members, launch_planned
from histo_core.experiments.protocol_runs import next_trials
from histo_core.experiments.pruned_trials import read_pruned, write_pruned
from histo_core.experiments.records import Experiment, Member
from histo_core.experiments.scores import chosen_by, run_scores, values_by_epoch
from histo_core.experiments.sweep.sampling import Trial, trials_to_prune
from histo_core.experiments.table import ExperimentTable
from histo_core.progress import Progress, silent
from histo_core.runs.api import cancel, keep_supervised
from histo_core.runs.store.records import Run, RunStatus
from histo_core.workspace import Workspace

POLL_SECONDS = 1.0


def follow(
    experiment_id: str, workspace: Workspace, progress: Progress = silent, *, poll_seconds: float = POLL_SECONDS
) -> None:
    """Follow a sweep until all its trials have ended. A sweep that was interrupted at any moment continues from there.

    A trial that is not allowed counts as failed. Each poll makes sure that active runs have a supervisor.

    Each poll reads the whole state from the database and the runs' folders. A trial is launched first and recorded
    afterwards. A trial that was launched but not recorded is chosen again from the same trials, so that its launch
    returns the existing run.

    Args:
        experiment_id: a sweep that was started.
        workspace: the workspace that holds it.
        progress: reports (runs that have ended, total).
        poll_seconds: seconds between two polls.

    Raises:
        RunError: there is no such experiment.
        CancelledError: progress raised it, or the experiment was cancelled.
    """
    table = ExperimentTable(workspace)
    kept: dict[str, float | None] = {}
    while True:
        experiment = table.get(experiment_id)
        if experiment.cancelled_at is not None:
            raise CancelledError("The experiment was cancelled.")
        keep_supervised(workspace)
        runs = table.runs(experiment)
        trials = _trials(experiment, runs, workspace, kept)
        progress(sum(not run.status.active for run in runs.values()), experiment.protocol.size)
        if experiment.protocol.pruning:
            _prune(experiment, runs, trials, workspace)
        if all(trial.state != "running" for trial in trials):
            if experiment.protocol.sampler != "tpe" or len(trials) >= experiment.protocol.trials:
                return
            _launch_next(experiment, trials, table, workspace)
            continue
        time.sleep(poll_seconds)


def _launch_next(experiment: Experiment, trials: Sequence[Trial], table: ExperimentTable, workspace: Workspace) -> None:
    config = experiment.config
    planned = next_trials(config, experiment.protocol, trials)
    # This process may read what the start allowed, whatever its own working folder and settings are.
    try:
        runs = launch_planned(planned, workspace.allowing(config), name=experiment.name, origin=experiment.origin)
    except ConfigError as error:  # some errors show only once the data or the network is loaded
        planned = tuple(replace(one, config=None, problem=one.problem or str(error)) for one in planned)
        runs = [None] * len(planned)
    members = as_members(planned, runs, experiment.created_at, first=len(experiment.members))
    refused = [member for member in members if not table.add_member(experiment.experiment_id, member)]
    # The experiment was cancelled while these were launched; the cancellation could not see them.
    for run_id in {member.run_id for member in refused if member.run_id} - table.needed(refused):
        with suppress(RunError):  # the run has just ended
            cancel(run_id, workspace)


def _prune(experiment: Experiment, runs: Mapping[str, Run], trials: Sequence[Trial], workspace: Workspace) -> None:
    before = read_pruned(experiment.experiment_id, workspace)
    given_up = before | frozenset(trials_to_prune(experiment.protocol, trials))
    if given_up != before:
        write_pruned(experiment.experiment_id, given_up, workspace)
    for position in given_up:
        run = runs.get(experiment.members[position].run_id)
        if run is not None and run.status.active and not run.cancel_requested:
            with suppress(RunError):  # the run has just ended
                cancel(run.run_id, workspace)


def _trials(
    experiment: Experiment, runs: Mapping[str, Run], workspace: Workspace, kept: dict[str, float | None]
) -> list[Trial]:
    """Return the trials so far. Without folds each member is a trial; with k folds, k members in a row are."""
    folds = experiment.protocol.folds or 1
    pruned = read_pruned(experiment.experiment_id, workspace)
    members = experiment.members
    return [
        _trial(experiment, members[first : first + folds], runs, pruned, workspace, kept)
        for first in range(0, len(members), folds)
    ]


def _trial(
    experiment: Experiment,
    members: Sequence[Member],
    runs: Mapping[str, Run],
    pruned: frozenset[int],
    workspace: Workspace,
    kept: dict[str, float | None],
) -> Trial:
    metric, changes = experiment.protocol.metric, members[0].changes
    found = [runs.get(member.run_id) for member in members]
    known = [run for run in found if run is not None]
    steps: dict[int, float] = {}
    if experiment.protocol.pruning and known:
        steps = values_by_epoch(known[0], metric, workspace)
    if any(run.status.active for run in known):
        return Trial(changes, "running", steps=steps)
    if members[0].position in pruned and known and known[0].status is RunStatus.CANCELLED:
        return Trial(changes, "pruned", steps=steps)
    if len(known) < len(found) or any(run.status is not RunStatus.SUCCEEDED for run in known):
        return Trial(changes, "failed")
    values = [_value(run, experiment, workspace, kept) for run in known]
    if any(value is None for value in values):
        return Trial(changes, "failed")
    return Trial(changes, "complete", float(np.mean([value for value in values if value is not None])), steps)


def _value(run: Run, experiment: Experiment, workspace: Workspace, kept: dict[str, float | None]) -> float | None:
    """Return the value of the metric for a trial; it is read once, because a succeeded run does not change."""
    if run.run_id not in kept:
        valid = run_scores(run, workspace).scores.get("valid")
        kept[run.run_id] = None if valid is None else chosen_by(valid, experiment.protocol.metric)
    return kept[run.run_id]
