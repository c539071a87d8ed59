"""Experiments from a shell."""

from __future__ import annotations

import pytest

from histo_core.cli.sweep_options import sweep_of
from histo_core.config.protocol import SweepField
from histo_core.experiments.api import experiments
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

SMALL = (
    *("--dataset", "phantom", "--option", "patches=80", "--option", "patients=8", "--model", "cnn_narrow"),
    *("--crop", "32", "--epochs", "1", "--device", "cpu", "--threads", "1"),
)


@pytest.fixture(autouse=True)
def _nothing_starts_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", lambda _: 1)
    monkeypatch.setattr("histo_core.jobs.api.start_detached", lambda *_, **__: 1)


def test_a_sweep_from_start_to_its_test_set(call, workspace: Workspace) -> None:
    assert call("experiments", "list").out.startswith("No experiments.")
    begun = call("experiments", "start", *SMALL, "--grid", "train.learning_rate=1e-3,0.01", "--name", "rates")
    assert begun.code == 0, begun.err
    (experiment,) = experiments(workspace)
    assert begun.out.splitlines()[-1] == f"experiment {experiment.experiment_id}"
    assert experiment.protocol.sweep == {"train.learning_rate": SweepField(values=(0.001, 0.01))}
    assert "2 of 2" in call("experiments", "list").out
    assert "none has finished yet" in call("experiments", "show", experiment.experiment_id).out
    assert "wait or train" in call("experiments", "test", experiment.experiment_id).err
    for member in experiment.members:
        assert work(member.run_id, workspace) == 0
    shown = call("experiments", "show", experiment.experiment_id, "--wait").out
    assert "Of 2 runs, learning_rate " in shown.splitlines()[-1]
    assert "Test set: not scored before." in shown
    tested = call("experiments", "test", experiment.experiment_id).out
    assert tested.startswith("Test set, scored once with run ")
    assert tested.splitlines()[-1] == "  It was not scored before."
    assert call("experiments", "test", experiment.experiment_id).out == tested
    assert tested.splitlines()[1] in call("experiments", "show", experiment.experiment_id).out
    assert "was scored" in call("experiments", "resume", experiment.experiment_id).err


def test_cancel_and_resume(call, workspace: Workspace) -> None:
    call("experiments", "start", *SMALL, "--folds", "2", "--priority", "3")
    (experiment,) = experiments(workspace)
    assert {run.priority for run in Store.open(workspace).runs()} == {3}
    cancelled = call("experiments", "cancel", experiment.experiment_id)
    assert cancelled.out == f"experiment {experiment.experiment_id} cancelled\n"
    assert not Store.open(workspace).any_active()
    assert call("experiments", "resume", experiment.experiment_id).out.endswith("goes on\n")
    assert Store.open(workspace).any_active()


def test_a_range_with_the_estimator_says_that_more_trials_follow(call, workspace: Workspace) -> None:
    options = ("--search-space", "train.learning_rate=1e-5:0.1:log", "--sampler", "tpe", "--trials", "4", "--prune")
    begun = call("experiments", "start", *SMALL, *options)
    assert "3 more follow" in begun.out
    (experiment,) = experiments(workspace)
    assert experiment.protocol.sweep["train.learning_rate"] == SweepField(low=1e-5, high=0.1, log=True)
    assert (experiment.protocol.trials, experiment.protocol.pruning) == (4, True)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--search-space", "train.learning_rate=0.1", "--sampler", "tpe"), "no range for train.learning_rate"),
        (("--search-space", "train.learning_rate=0.1:1:odd", "--sampler", "tpe"), "'0.1:1:odd' is no range for"),
        (("--search-space", "train.learning_rate=0.1:x", "--sampler", "tpe"), "after it :log, :whole or both"),
        (("--grid", "train.learning_rate"), "names nothing to try"),
        (("--grid", "nosuch=1,2"), "nosuch is not a field"),
        (("--prune", "--folds", "3"), "pruning belongs to kind sweep"),
    ],
)
def test_what_cannot_be_carried_out_is_one_message(call, options: tuple[str, ...], says: str) -> None:
    done = call("experiments", "start", *SMALL, *options)
    assert done.code == 2
    assert says in done.err


def test_what_is_typed_is_read_as_typed() -> None:
    """YAML alone takes 8:32 for 512 and 1e-4 for a word."""
    ranges = ["train.epochs=8:32:whole", "train.learning_rate=1e-5:1e-1:log", "seed=1:100:log:whole"]
    values = [
        "model.options.dropout=0.5/0.2/0,0.1/0.1/0.1",
        "model.options.widths=[[1, 2], [3, 4e-1]]",
        "seed=1,1e-4,a",
    ]
    found = sweep_of(values[:2], ranges)
    assert found == {
        "model.options.dropout": SweepField(values=((0.5, 0.2, 0.0), (0.1, 0.1, 0.1))),
        "model.options.widths": SweepField(values=((1.0, 2.0), (3.0, 0.4))),
        "train.epochs": SweepField(low=8, high=32, whole=True),
        "train.learning_rate": SweepField(low=1e-5, high=0.1, log=True),
        "seed": SweepField(low=1, high=100, log=True, whole=True),
    }
    assert sweep_of(values[2:], None) == {"seed": SweepField(values=(1, 1e-4, "a"))}


def test_an_experiment_is_renamed_archived_and_deleted(call, workspace: Workspace) -> None:
    call("experiments", "start", *SMALL, "--folds", "2")
    (experiment,) = experiments(workspace)
    mine = experiment.experiment_id
    assert call("experiments", "rename", mine, "two folds").out == f"experiment {mine} is now named two folds\n"
    assert "two folds" in call("experiments", "list").out
    assert call("experiments", "archive", mine).out == f"experiment {mine} is archived\n"
    assert call("experiments", "list").out.startswith("No experiments.")
    assert mine in call("experiments", "list", "--archived").out
    assert call("experiments", "archive", mine, "--back").out.endswith("is back in the lists\n")
    assert "wait or train" in call("experiments", "delete", mine).err
    call("experiments", "cancel", mine)
    assert call("experiments", "delete", mine).out == f"experiment {mine} is deleted\n"
    assert "no experiment" in call("experiments", "show", mine).err


def test_waiting_for_an_experiment_sees_to_it_that_it_has_a_supervisor(
    call, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("experiments", "start", *SMALL, "--folds", "2")
    (experiment,) = experiments(workspace)

    def kept(place: Workspace) -> None:
        for run in Store.open(place).runs(statuses=[RunStatus.QUEUED]):
            Store.open(place).request_cancel(run.run_id)

    monkeypatch.setattr("histo_core.runs.api.keep_supervised", kept)
    assert call("experiments", "show", experiment.experiment_id, "--wait").code == 0
