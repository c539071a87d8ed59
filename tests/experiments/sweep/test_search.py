"""The process that follows a sweep: trials one after the other, poor ones given up, and no run started twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from fake_runs import ME, End, write_events

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.errors import CancelledError
from histo_core.experiments.api import as_members, cancel_experiment, get_experiment, start_experiment
from histo_core.experiments.protocol_runs import Planned
from histo_core.experiments.pruned_trials import read_pruned
from histo_core.experiments.records import Experiment
from histo_core.experiments.results import summary
from histo_core.experiments.sweep import search
from histo_core.experiments.sweep.search import follow
from histo_core.jobs.api import find_job
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS
from histo_core.workspace import Workspace

TPE = ProtocolConfig(
    kind="sweep",
    sweep={"train.learning_rate": SweepField(low=1e-4, high=0.1, log=True)},
    sampler="tpe",
    trials=4,
)
PRUNED = ProtocolConfig(
    kind="sweep", sweep={"seed": SweepField(values=(0, 1, 2, 3, 4))}, pruning=True, metric="valid_auroc"
)


class _KilledError(Exception):
    """Stands for a kill at this moment."""


@pytest.fixture
def begin(workspace: Workspace, config: RunConfig, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Experiment]:
    """Start a sweep without the process that follows it."""
    asked = []
    monkeypatch.setattr("histo_core.experiments.api.start_job", lambda *args, **_: asked.append(args))

    def begun(protocol: ProtocolConfig) -> Experiment:
        experiment = start_experiment(config, protocol, workspace)
        assert asked == [("sweep", {"experiment_id": experiment.experiment_id}, workspace)]
        return experiment

    return begun


def _ending(experiment_id: str, workspace: Workspace, end: End) -> Callable[[int, int], None]:
    """Progress that ends each run that waits, as a worker would."""

    def told(done: int, total: int) -> None:
        assert total == 4
        for member in get_experiment(experiment_id, workspace).members:
            if Store.open(workspace).get(member.run_id).status is RunStatus.QUEUED:
                end(member.run_id)

    return told


def test_trials_follow_each_other_until_there_are_enough(
    workspace: Workspace, begin: Callable[..., Experiment], end: End
) -> None:
    begun = begin(TPE)
    assert len(begun.members) == 1
    follow(begun.experiment_id, workspace, _ending(begun.experiment_id, workspace, end), poll_seconds=0)
    done = get_experiment(begun.experiment_id, workspace)
    assert [member.position for member in done.members] == [0, 1, 2, 3]
    rates = [member.changes["train.learning_rate"] for member in done.members]
    assert len(set(rates)) == 4
    assert all(1e-4 <= rate <= 0.1 for rate in rates)
    runs = Store.open(workspace).runs()
    assert len(runs) == 4
    assert {run.config.train.learning_rate for run in runs} == set(rates)
    follow(begun.experiment_id, workspace, poll_seconds=0)
    assert len(Store.open(workspace).runs()) == 4, "nothing is left to do"


def test_killed_between_launch_and_note_it_starts_no_run_twice(
    workspace: Workspace, begin: Callable[..., Experiment], end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(TPE)
    end(begun.members[0].run_id)

    def killed(*_: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patched:
        patched.setattr("histo_core.experiments.table.ExperimentTable.add_member", killed)
        with pytest.raises(_KilledError):
            follow(begun.experiment_id, workspace, poll_seconds=0)
    (orphan,) = Store.open(workspace).runs(statuses=[RunStatus.QUEUED])
    end(orphan.run_id)
    follow(begun.experiment_id, workspace, _ending(begun.experiment_id, workspace, end), poll_seconds=0)
    done = get_experiment(begun.experiment_id, workspace)
    assert done.members[1].run_id == orphan.run_id
    assert len(Store.open(workspace).runs()) == 4


def test_poor_trials_are_given_up_and_say_so(workspace: Workspace, begin: Callable[..., Experiment], end: End) -> None:
    begun = begin(PRUNED)
    store = Store.open(workspace)
    for member, auroc in zip(begun.members, (0.8, 0.81, 0.82, 0.83), strict=False):
        end(member.run_id, aurocs=(auroc, auroc))
    poor = begun.members[4]
    write_events(store.claim(poor.run_id, ME), workspace, aurocs=(0.5,))
    looks = []

    def told(done: int, total: int) -> None:
        looks.append((done, total))
        if len(looks) == 2:
            assert store.get(poor.run_id).cancel_requested
            store.finish(poor.run_id, ME, RunStatus.CANCELLED)

    follow(begun.experiment_id, workspace, told, poll_seconds=0)
    assert looks == [(4, 5), (4, 5), (5, 5)]
    assert read_pruned(begun.experiment_id, workspace) == {4}
    found = summary(get_experiment(begun.experiment_id, workspace), workspace)
    assert found.table()["state"].tolist() == ["succeeded"] * 4 + ["pruned"]


def test_a_trial_that_failed_is_not_tried_again(
    workspace: Workspace, begin: Callable[..., Experiment], end: End
) -> None:
    begun = begin(TPE)
    end(begun.members[0].run_id, status=RunStatus.FAILED)
    follow(begun.experiment_id, workspace, _ending(begun.experiment_id, workspace, end), poll_seconds=0)
    assert [run.attempt for run in Store.open(workspace).runs()] == [1, 1, 1, 1]


@pytest.mark.parametrize("alone", [False, True])
def test_cancelled_while_a_trial_is_launched_it_leaves_no_run_behind(
    workspace: Workspace, begin: Callable[..., Experiment], end: End, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Who cancels cannot see the run that was launched and is not written down yet."""
    begun = begin(TPE)
    end(begun.members[0].run_id)

    def launched(planned: Sequence[Planned], *_: object, **named: str) -> list[Run | None]:
        assert planned[0].config is not None
        if alone:  # a user queued the very same one before
            monkeypatch.setattr(
                search,
                "as_members",
                lambda *given, **more: [replace(one, reused=True) for one in as_members(*given, **more)],
            )
        runs = [launch(planned[0].config, workspace, start_supervisor=False)]
        cancel_experiment(begun.experiment_id, workspace)
        return [*runs]

    monkeypatch.setattr(search, "launch_planned", launched)
    with pytest.raises(CancelledError):
        follow(begun.experiment_id, workspace, poll_seconds=0)
    assert len(get_experiment(begun.experiment_id, workspace).members) == 1
    assert Store.open(workspace).any_active() is alone


def test_a_trial_that_is_not_allowed_counts_as_failed(
    workspace: Workspace, begin: Callable[..., Experiment], end: End
) -> None:
    """One that the configuration refuses, and one that only the network does."""
    sweep = {"model.options.nosuch": SweepField(values=(1, 2)), "train.learning_rate": SweepField(low=-0.1, high=0.1)}
    begun = begin(TPE)
    with Store.open(workspace).database.write() as connection:
        protocol = TPE.model_copy(update={"sweep": sweep}).model_dump(mode="json")
        connection.execute(sa.update(EXPERIMENTS).values(protocol=protocol))
        changes = {"model.options.nosuch": 1, "train.learning_rate": 0.05}
        connection.execute(sa.update(EXPERIMENT_RUNS).values(changes=changes))
    end(begun.members[0].run_id)
    follow(begun.experiment_id, workspace, poll_seconds=0)
    done = get_experiment(begun.experiment_id, workspace).members
    assert [bool(member.run_id) for member in done] == [True, False, False, False]
    problems = " ".join(member.problem for member in done)
    assert "nosuch" in problems
    assert "learning_rate" in problems


def test_a_sweep_between_two_trials_is_found_and_followed_again(
    workspace: Workspace, config: RunConfig, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("histo_core.experiments.api.start_job", lambda *args, **_: asked.append(args))
    begun = start_experiment(config, TPE, workspace)
    end(begun.members[0].run_id, status=RunStatus.FAILED)
    assert start_experiment(config, TPE, workspace).experiment_id == begun.experiment_id
    assert len(asked) == 2
    assert len(Store.open(workspace).runs()) == 1


def test_each_look_sees_to_it_that_there_is_a_supervisor(
    workspace: Workspace, begin: Callable[..., Experiment], end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Workspace] = []
    monkeypatch.setattr(search, "keep_supervised", looked.append)
    begun = begin(TPE)
    follow(begun.experiment_id, workspace, _ending(begun.experiment_id, workspace, end), poll_seconds=0)
    assert len(looked) >= 4


def test_it_stops_when_the_experiment_is_cancelled(workspace: Workspace, begin: Callable[..., Experiment]) -> None:
    begun = begin(TPE)

    def told(done: int, total: int) -> None:
        del done, total
        cancel_experiment(begun.experiment_id, workspace)

    with pytest.raises(CancelledError):
        follow(begun.experiment_id, workspace, told, poll_seconds=0)
    assert not Store.open(workspace).any_active()
    assert len(get_experiment(begun.experiment_id, workspace).members) == 1


def test_a_sweep_that_needs_it_gets_a_process_of_its_own(
    workspace: Workspace, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.jobs.api.start_detached", lambda *_, **__: 1)
    begun = start_experiment(config, TPE, workspace)
    job = find_job("sweep", {"experiment_id": begun.experiment_id}, workspace)
    assert job is not None
    assert job.active
    cancel_experiment(begun.experiment_id, workspace)
    job = find_job("sweep", {"experiment_id": begun.experiment_id}, workspace)
    assert job is not None
    assert job.cancel_asked
