"""What a page or a command does to experiments: start, look up, cancel, resume. None of it waits for training."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from histo_core.access import LOCAL, User, authorise
from histo_core.config import RunConfig
from histo_core.config_protocol import ProtocolConfig
from histo_core.errors import RunError, SplitError
from histo_core.experiments.folder import read_pruned
from histo_core.experiments.jobs import job_params
from histo_core.experiments.plan import Planned, plan
from histo_core.experiments.records import Experiment, Member
from histo_core.experiments.table import ExperimentTable
from histo_core.runs.jobs import cancel_job, find_job, start_job
from histo_core.runs.launcher import cancel, launch_many, resume
from histo_core.runs.records import Run
from histo_core.workspace import Workspace


def start_experiment(
    config: RunConfig,
    protocol: ProtocolConfig,
    workspace: Workspace,
    *,
    user: User = LOCAL,
    name: str = "",
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
) -> Experiment:
    """Check all runs of a protocol and queue them; the same one while it has active runs is not started twice.

    A run of the same configuration on the same data that has succeeded is taken as it is instead of being trained
    again. A sweep that learns from its trials, or stops poor ones, is followed by a detached process of its own.

    Args:
        config: what the runs have in common.
        protocol: how many there are and what is new in each.
        workspace: where to queue them.
        user: who asks.
        name: how to show it, and what the runs' names begin with; the model's title when empty.
        priority: of its runs in the queue; higher ones first.
        tags, note: of its runs that are queued now.

    Raises:
        PermissionDeniedError: the user may not launch runs.
        ConfigError, DataError, CheckpointError: a run that cannot be run, or repeats that would all be the same;
            nothing was queued.
    """
    planned = plan(config, protocol)
    name = name or config.model.name
    divides_anew = protocol.kind == "folds" or (protocol.kind == "repeats" and protocol.new == "splits")
    runs = launch_planned(
        planned,
        workspace,
        name=name,
        user=user,
        priority=priority,
        tags=tags,
        note=note,
        must_differ=divides_anew,
    )
    members = [
        Member(position, run.run_id, one.label, one.changes)
        for position, (one, run) in enumerate(zip(planned, runs, strict=True))
    ]
    experiment = ExperimentTable(workspace).add(config, protocol, members, name=name, user=user)
    if protocol.driven:
        start_job("sweep", job_params(experiment.experiment_id), workspace, user=user)
    return experiment


def launch_planned(
    planned: Sequence[Planned],
    workspace: Workspace,
    *,
    name: str,
    user: User = LOCAL,
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
    must_differ: bool = False,
) -> list[Run]:
    """The run of each planned one: an active one of the same configuration, one that has succeeded, or a new one.

    Args:
        planned: checked all before the first is queued.
        workspace, user, priority, tags, note: as for `start_experiment`.
        name: what the runs' names begin with.
        must_differ: refuse splits that are the same, as those of a published split are whatever their seed.
    """
    # PyTorch takes seconds, and most of what is done with experiments does without.
    from histo_core.runs.check import check

    authorise(user, "run.launch", name)
    checked = check([one.config for one in planned], workspace)
    if must_differ and len({one.split_fingerprint for one in checked}) < len(checked):
        raise SplitError(
            f"The split by {planned[0].config.split.method!r} is the same whatever its seed or fold.",
            "Folds and repeats with new splits need a split that is drawn.",
            "Split by patient, slide or at random, or repeat with new seeds only.",
        )
    table = ExperimentTable(workspace)
    found = [table.finished_before(one.config.hash(one.data_hash)) for one in checked]
    wanting = [one for one, run in zip(planned, found, strict=True) if run is None]
    names = [f"{name}: {one.label}" for one in wanting]
    configs = [one.config for one in wanting]
    launched = (
        launch_many(configs, workspace, user=user, names=names, priority=priority, tags=tags, note=note)
        if wanting
        else []
    )
    fresh = iter(launched)
    return [next(fresh) if run is None else run for run in found]


def experiments(workspace: Workspace) -> list[Experiment]:
    """All experiments, newest first."""
    return ExperimentTable(workspace).all()


def get_experiment(experiment_id: str, workspace: Workspace) -> Experiment:
    """One experiment.

    Raises:
        RunError: there is none with this id.
    """
    return ExperimentTable(workspace).get(experiment_id)


def runs_of(experiment: Experiment, workspace: Workspace) -> dict[str, Run]:
    """The runs of an experiment's members, by id."""
    return ExperimentTable(workspace).runs(experiment)


def cancel_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Start no more runs and cancel the active ones, but for those that another experiment needs as well.

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
    needed = table.shared(experiment_id)
    for run in table.runs(table.get(experiment_id)).values():
        if run.status.active and run.run_id not in needed:
            with suppress(RunError):  # it has just ended
                cancel(run.run_id, workspace, user=user)
    return table.get(experiment_id)


def resume_experiment(experiment_id: str, workspace: Workspace, *, user: User = LOCAL) -> Experiment:
    """Go on with an experiment: queue its failed, cancelled and lost runs again, and follow a sweep further.

    Trials that were given up stay given up.

    Raises:
        PermissionDeniedError: the user may not resume runs.
        RunError: there is no such experiment, or its test part was scored, after which nothing may change.
    """
    authorise(user, "run.resume", experiment_id)
    table = ExperimentTable(workspace)
    experiment = table.get(experiment_id)
    if experiment.test_touched_at is not None:
        raise RunError(
            f"The test part of experiment {experiment_id} was scored.",
            "After that nothing can be chosen any more.",
            "Start a new experiment.",
        )
    table.reopen(experiment_id)
    runs, given_up = table.runs(experiment), read_pruned(experiment_id, workspace)
    for member in experiment.members:
        run = runs.get(member.run_id)
        if run is not None and run.status.resumable and member.position not in given_up:
            with suppress(RunError):  # another attempt of it is active
                resume(run.run_id, workspace, user=user)
    if experiment.protocol.driven:
        start_job("sweep", job_params(experiment_id), workspace, user=user)
    return table.get(experiment_id)
