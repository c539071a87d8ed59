"""Start, look up, cancel and resume experiments from a page or a command. Nothing here waits for training."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Unpack

from histo_core.access import LOCAL, User, authorise
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import RunError, SplitError
from histo_core.experiments.job_kinds import job_params
from histo_core.experiments.protocol_runs import Planned, plan
from histo_core.experiments.pruned_trials import read_pruned
from histo_core.experiments.records import Experiment, Experiments, Member
from histo_core.experiments.table import ExperimentTable
from histo_core.jobs.api import cancel_job, find_job, start_job
from histo_core.runs.api import cancel, launch_many, resume
from histo_core.runs.labels import RunLabels
from histo_core.runs.store.records import Run
from histo_core.workspace import Workspace


def start_experiment(
    config: RunConfig,
    protocol: ProtocolConfig,
    workspace: Workspace,
    *,
    user: User = LOCAL,
    name: str = "",
    origin: str = "",
    **labels: Unpack[RunLabels],
) -> Experiment:
    """Check all runs of a protocol and queue them; return an equal experiment that is still active instead.

    A run of the same configuration and data that has succeeded, with complete files, is reused instead of trained
    again. Combinations of a sweep that are not allowed have no run, and say why. A detached process follows a sweep
    that learns from its trials or stops poor ones.

    Args:
        config: what the runs have in common.
        protocol: how many runs there are and how they differ.
        workspace: where to queue them.
        user: the user who starts it.
        name: displayed name, and beginning of the runs' names; the model's title when empty.
        origin: the study's run, sweep or protocol that it was made from (`histo_core.studies.origin`).
        labels: priority, tags and note of the runs that are queued now.

    Raises:
        PermissionDeniedError: the user may not launch runs.
        ConfigError, DataError, CheckpointError: a run that cannot start, or repeats that would all be the same;
            nothing was queued.
    """
    authorise(user, "run.launch", name or config.model.name)
    table = ExperimentTable(workspace)
    if (working := table.at_work(config, protocol)) is not None:
        return _followed(working, workspace, user)
    begun, planned = datetime.now(UTC), plan(config, protocol)
    name = name or config.model.name
    divides_anew = protocol.kind == "folds" or (protocol.kind == "repeats" and protocol.new == "splits")
    runs = launch_planned(
        planned,
        workspace,
        name=name,
        user=user,
        origin=origin,
        must_differ=divides_anew,
        **labels,
    )
    members = as_members(planned, runs, begun)
    added = table.add(config, protocol, members, name=name, user=user, origin=origin)
    return _followed(added, workspace, user)


def _followed(experiment: Experiment, workspace: Workspace, user: User) -> Experiment:
    """Start the process that follows an experiment where it needs one, and return the experiment."""
    if experiment.protocol.driven:
        start_job("sweep", job_params(experiment.experiment_id), workspace, user=user)
    return experiment


def as_members(planned: Sequence[Planned], runs: Sequence[Run | None], begun: datetime, first: int = 0) -> list[Member]:
    """Return the members of an experiment from its planned runs and the launched ones.

    Args:
        planned: the planned runs.
        runs: the launched run of each; None where it is not allowed.
        begun: a time before the first launch; an older run was not queued for this experiment.
        first: position of the first.
    """
    return [
        Member(position, "", one.label, one.changes, problem=one.problem)
        if run is None
        else Member(position, run.run_id, one.label, one.changes, reused=run.created_at < begun)
        for position, (one, run) in enumerate(zip(planned, runs, strict=True), start=first)
    ]


def launch_planned(
    planned: Sequence[Planned],
    workspace: Workspace,
    *,
    name: str,
    user: User = LOCAL,
    origin: str = "",
    must_differ: bool = False,
    **labels: Unpack[RunLabels],
) -> list[Run | None]:
    """Return a run for each planned one: an active or succeeded run of the same configuration, else a new run.

    Return None for a planned run that is not allowed.

    Args:
        planned: the planned runs; all are checked before the first is queued.
        workspace, user, origin, labels: as for `start_experiment`.
        name: beginning of the runs' names.
        must_differ: refuse equal splits; a published split is the same for every seed.
    """
    # Imported here, because PyTorch takes seconds to load, and most calls on experiments do not need it.
    from histo_core.runs.artifacts.manifest import is_complete
    from histo_core.runs.preflight import check

    authorise(user, "run.launch", name)
    allowed = [(one.label, one.config) for one in planned if one.config is not None]
    checked = check([config for _, config in allowed], workspace)
    if must_differ and len({one.split_fingerprint for one in checked}) < len(checked):
        raise SplitError(
            f"The split by {allowed[0][1].split.method!r} is the same whatever its seed or fold.",
            "Folds and repeats with new splits need a split that is drawn.",
            "Split by patient, slide or at random, or repeat with new seeds only.",
        )
    table = ExperimentTable(workspace)
    found = [table.finished_before(one.config.hash(one.data_hash)) for one in checked]
    found = [run if run and is_complete(workspace.run_folder(run.run_id), run) else None for run in found]
    wanting = [one for one, run in zip(allowed, found, strict=True) if run is None]
    names = [f"{name}: {label}" for label, _ in wanting]
    configs = [config for _, config in wanting]
    origins = [origin] * len(configs)
    launched = launch_many(configs, workspace, user=user, names=names, origins=origins, **labels) if wanting else []
    fresh = iter(launched)
    runs = iter([next(fresh) if run is None else run for run in found])
    return [None if one.config is None else next(runs) for one in planned]


def experiments(workspace: Workspace, *, archived: bool = False) -> list[Experiment]:
    """Return all readable experiments, newest first; archived ones only with ``archived``."""
    return list(list_experiments(workspace, archived=archived).readable)


def list_experiments(workspace: Workspace, *, archived: bool = False) -> Experiments:
    """Return all experiments, with unreadable ones in a list of their own; archived ones only with ``archived``."""
    return ExperimentTable(workspace).all(archived=archived)


def get_experiment(experiment_id: str, workspace: Workspace) -> Experiment:
    """Return one experiment.

    Raises:
        RunError: there is none with this id.
    """
    return ExperimentTable(workspace).get(experiment_id)


def runs_of(experiment: Experiment, workspace: Workspace) -> dict[str, Run]:
    """Return the runs of an experiment's members, by id."""
    return ExperimentTable(workspace).runs(experiment)


def cancel_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Start no more runs, and cancel the active ones, except runs that another experiment or a user queued or needs.

    Raises:
        PermissionDeniedError: the user may not cancel runs.
        RunError: there is no such experiment.
    """
    authorise(user, "run.cancel", experiment_id)
    table = ExperimentTable(workspace)
    experiment = table.get(experiment_id)
    table.cancel(experiment_id)
    if experiment.protocol.driven and (job := find_job("sweep", job_params(experiment_id), workspace)):
        cancel_job(job.job_id, workspace, user=user)
    experiment = table.get(experiment_id)
    needed = table.needed(experiment.members)
    for run in table.runs(experiment).values():
        if run.status.active and run.run_id not in needed:
            with suppress(RunError):  # the run has just ended
                cancel(run.run_id, workspace, user=user)
    return table.get(experiment_id)


def resume_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Resume an experiment: queue its failed, cancelled and interrupted runs again, and continue to follow a sweep.

    Pruned trials stay pruned.

    Raises:
        PermissionDeniedError: the user may not resume runs.
        RunError: there is no such experiment, or its test set was scored, after which nothing may change.
    """
    authorise(user, "run.resume", experiment_id)
    table = ExperimentTable(workspace)
    experiment = table.get(experiment_id)
    if experiment.test_touched_at is not None:
        raise RunError(
            f"The test set of experiment {experiment_id} was scored.",
            "After that nothing can be chosen any more.",
            "Start a new experiment.",
        )
    table.reopen(experiment_id)
    runs, given_up = table.runs(experiment), read_pruned(experiment_id, workspace)
    for member in experiment.members:
        run = runs.get(member.run_id)
        if run is not None and run.status.resumable and member.position not in given_up:
            with suppress(RunError):  # another attempt of the run is active
                resume(run.run_id, workspace, user=user)
    if experiment.protocol.driven:
        start_job("sweep", job_params(experiment_id), workspace, user=user)
    return table.get(experiment_id)
