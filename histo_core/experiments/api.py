"""What a page or a command does to experiments: start, look up, cancel, resume. None of it waits for training."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from histo_core.access import LOCAL, User, authorise
from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.errors import RunError, SplitError
from histo_core.experiments.folder import read_pruned
from histo_core.experiments.job_kinds import job_params
from histo_core.experiments.protocol_runs import Planned, plan
from histo_core.experiments.records import Experiment, Experiments, Member
from histo_core.experiments.table import ExperimentTable
from histo_core.jobs.api import cancel_job, find_job, start_job
from histo_core.runs.api import cancel, launch_many, resume
from histo_core.runs.store.records import Run
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
    origin: str = "",
) -> Experiment:
    """Check all runs of a protocol and queue them; the same one while it has active runs is not started twice.

    A run of the same configuration on the same data that has succeeded is taken as it is, if its files are whole,
    instead of being trained again. Combinations of a sweep that are not allowed have no run, and say why. A sweep that
    learns from its trials, or stops poor ones, is followed by a detached process of its own.

    Args:
        config: what the runs have in common.
        protocol: how many there are and what is new in each.
        workspace: where to queue them.
        user: who asks.
        name: how to show it, and what the runs' names begin with; the model's title when empty.
        priority: of its runs in the queue; higher ones first.
        tags, note: of its runs that are queued now.
        origin: which study's run, sweep or protocol it was made from (`histo_core.studies.origin`).

    Raises:
        PermissionDeniedError: the user may not launch runs.
        ConfigError, DataError, CheckpointError: a run that cannot be run, or repeats that would all be the same;
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
        priority=priority,
        tags=tags,
        note=note,
        origin=origin,
        must_differ=divides_anew,
    )
    members = as_members(planned, runs, begun)
    added = table.add(config, protocol, members, name=name, user=user, origin=origin)
    return _followed(added, workspace, user)


def _followed(experiment: Experiment, workspace: Workspace, user: User) -> Experiment:
    """An experiment, with the process that follows it where it needs one."""
    if experiment.protocol.driven:
        start_job("sweep", job_params(experiment.experiment_id), workspace, user=user)
    return experiment


def as_members(planned: Sequence[Planned], runs: Sequence[Run | None], begun: datetime, first: int = 0) -> list[Member]:
    """Members of an experiment, of what was planned and the runs that were launched for it.

    Args:
        planned: what sets each apart.
        runs: theirs; None for one that is not allowed.
        begun: before the first was launched; a run that is older was not queued for this.
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
    priority: int = 0,
    tags: Sequence[str] = (),
    note: str = "",
    origin: str = "",
    must_differ: bool = False,
) -> list[Run | None]:
    """The run of each planned one: an active one of the same configuration, one that has succeeded, or a new one.

    None for one that is not allowed.

    Args:
        planned: checked all before the first is queued.
        workspace, user, priority, tags, note, origin: as for `start_experiment`.
        name: what the runs' names begin with.
        must_differ: refuse splits that are the same, as those of a published split are whatever their seed.
    """
    # PyTorch takes seconds, and most of what is done with experiments does without.
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
    written = {"priority": priority, "tags": tags, "note": note, "origins": [origin] * len(configs)}
    launched = launch_many(configs, workspace, user=user, names=names, **written) if wanting else []
    fresh = iter(launched)
    runs = iter([next(fresh) if run is None else run for run in found])
    return [None if one.config is None else next(runs) for one in planned]


def experiments(workspace: Workspace, *, archived: bool = False) -> list[Experiment]:
    """All experiments that can be read, newest first; those that were put away only with ``archived``."""
    return list(list_experiments(workspace, archived=archived).readable)


def list_experiments(workspace: Workspace, *, archived: bool = False) -> Experiments:
    """All experiments, and those that cannot be read apart; those that were put away only with ``archived``."""
    return ExperimentTable(workspace).all(archived=archived)


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
    """Start no more runs and cancel the active ones, but for those that another experiment or a user queued or needs.

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
