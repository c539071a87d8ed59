"""An experiment says why its runs failed, in its verdict, on the row and whole."""

from __future__ import annotations

import pytest
from fake_runs import ME, End

from histo_core.config import RunConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.api import get_experiment, start_experiment
from histo_core.experiments.failures import failures
from histo_core.experiments.narrative import verdict
from histo_core.experiments.results import Summary, summary
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.training.learning import EpochLearning, SetLearning, WeightsLearning, append_learning
from histo_core.workspace import Workspace

FOLDS = ProtocolConfig(kind="folds", folds=3)
TOO_SMALL = "The patches have 50 x 14 pixels. The crop is 32. Crop less, or resize."


def fail(run_id: str, workspace: Workspace, reason: str, status: RunStatus = RunStatus.FAILED) -> None:
    store = Store.open(workspace)
    store.claim(run_id, ME)
    assert store.finish(run_id, ME, status, reason)


def now(experiment_id: str, workspace: Workspace) -> Summary:
    return summary(get_experiment(experiment_id, workspace), workspace)


def test_the_same_reason_of_all_runs_is_the_verdict(config: RunConfig, workspace: Workspace) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    for member in begun.members:
        fail(member.run_id, workspace, TOO_SMALL)
    found = now(begun.experiment_id, workspace)
    assert verdict(found) == "All 3 runs failed: The patches have 50 x 14 pixels."
    (one,) = failures(found)
    assert one.sentence == f"All 3 runs failed: {TOO_SMALL}"
    assert one.positions == (0, 1, 2)
    assert set(found.table()["why"]) == {TOO_SMALL}


def test_some_that_failed_stand_beside_the_result(config: RunConfig, workspace: Workspace, end: End) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    first, second, third = (member.run_id for member in begun.members)
    end(first)
    fail(second, workspace, TOO_SMALL)
    assert "still to come" in verdict(now(begun.experiment_id, workspace))
    fail(third, workspace, "Its process was killed.", RunStatus.INTERRUPTED)
    said = verdict(now(begun.experiment_id, workspace))
    assert said.startswith("Test AUROC is ")
    assert "1 of 3 runs failed: The patches have 50 x 14 pixels." in said
    assert "1 of 3 runs was interrupted: Its process was killed." in said


def test_a_run_that_learnt_nothing_says_so_in_its_experiment(config: RunConfig, workspace: Workspace, end: End) -> None:
    begun = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    guess = SetLearning((20, 20), (40, 0), 0.694, 0.694, 0.001, 0.0)
    for place, member in enumerate(begun.members):
        if place == 0:
            folder = workspace.run_folder(member.run_id)
            append_learning(folder, EpochLearning(0, 90, guess, guess, WeightsLearning(1.0, 1.0, 4, 0), None))
        end(member.run_id)
    found = now(begun.experiment_id, workspace)
    assert "1 of 2 runs did not learn: Nothing in the configuration explains it." in verdict(found)
    assert found.members[0].why.startswith("Nothing was learnt")
    assert found.members[1].why == ""


def test_runs_that_did_not_learn_for_the_same_cause_are_told_together(
    config: RunConfig, workspace: Workspace, end: End
) -> None:
    fast = config.model_copy(update={"train": config.train.model_copy(update={"learning_rate": 5.0})})
    begun = start_experiment(fast, ProtocolConfig(kind="repeats", repeats=2), workspace)
    for loss, member in zip((3.1, 4.2), begun.members, strict=True):
        guess = SetLearning((20, 20), (40, 0), loss, loss, 0.001, 0.0)
        folder = workspace.run_folder(member.run_id)
        append_learning(folder, EpochLearning(0, 90, guess, guess, WeightsLearning(1.0, 1.0, 4, 0), None))
        end(member.run_id)
    found = now(begun.experiment_id, workspace)
    (one,) = failures(found)
    assert one.sentence.startswith("None of the 2 runs learnt: The learning rate of 5 is too high")
    assert "4.200" in found.members[1].why


@pytest.mark.parametrize("healthy", [1, 2])
def test_healthy_runs_have_no_failures(healthy: int, config: RunConfig, workspace: Workspace, end: End) -> None:
    begun = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    for member in begun.members[:healthy]:
        end(member.run_id)
    assert failures(now(begun.experiment_id, workspace)) == ()
