"""The test set is scored once, for the member that was chosen without it. Here networks are really trained."""

from __future__ import annotations

import pytest

from histo_core.access import User
from histo_core.config import PredictConfig, RunConfig, SplitConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.data.opening import open_dataset
from histo_core.data.predictions import read_predictions
from histo_core.data.splits.make_split import make_split
from histo_core.errors import CancelledError, PermissionDeniedError, RunError
from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.api import get_experiment, start_experiment
from histo_core.experiments.edit import delete_experiment
from histo_core.experiments.records import Experiment
from histo_core.experiments.results import summary
from histo_core.experiments.table import ExperimentTable
from histo_core.experiments.test_score import kept_score, looked_at_before, score_test, why_not
from histo_core.prediction.predict import predict_with
from histo_core.runs.store.delete import delete
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import kept_back_by, scored_before
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

RATES = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.001, 0.01))})


@pytest.fixture
def trained(workspace: Workspace, config: RunConfig) -> Experiment:
    """A sweep whose runs have really been trained."""
    begun = start_experiment(config, RATES, workspace)
    for member in begun.members:
        assert work(member.run_id, workspace) == 0
    return begun


def test_the_test_set_is_touched_once_and_the_result_is_kept(workspace: Workspace, trained: Experiment) -> None:
    folders = [workspace.run_folder(member.run_id) for member in trained.members]
    for folder in folders:
        assert set(read_predictions(folder / "predictions.parquet")["split"]) == {"valid"}
    found = summary(trained, workspace)
    assert found.best is not None
    assert why_not(found) == ""
    assert get_experiment(trained.experiment_id, workspace).test_touched_at is None

    score = score_test(trained.experiment_id, workspace)
    assert score.run_id == trained.members[found.best].run_id
    assert set(score.metrics) == set(METRICS)
    table = read_predictions(score.predictions)
    assert set(table["split"]) == {"test"}
    assert len(table) == score.n
    accuracy = (table["y_pred"] == table["y_true"]).mean()
    assert score.metrics["accuracy"].value == pytest.approx(accuracy)
    assert (score.metrics["accuracy"].low, score.n_groups) <= (accuracy, 8)

    touched = get_experiment(trained.experiment_id, workspace)
    assert touched.final_run_id == score.run_id
    score.predictions.unlink()
    again = score_test(trained.experiment_id, workspace)
    assert again == score
    assert not score.predictions.exists(), "nothing was predicted again"
    assert get_experiment(trained.experiment_id, workspace).test_touched_at == touched.test_touched_at


def test_a_choice_that_was_broken_off_stays_the_same(
    workspace: Workspace, trained: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        score_test(trained.experiment_id, workspace, progress=stop)
    chosen = get_experiment(trained.experiment_id, workspace).final_run_id
    assert kept_score(trained.experiment_id, workspace) is None
    monkeypatch.setattr("histo_core.experiments.test_score._chosen", lambda *_: pytest.fail("it was chosen already"))
    assert score_test(trained.experiment_id, workspace).run_id == chosen


def test_each_look_at_the_same_test_set_is_counted_whoever_looks(
    workspace: Workspace, config: RunConfig, trained: Experiment
) -> None:
    """A member is predicted by itself, then the sweep is scored, then the same runs under another metric."""
    member = trained.members[0].run_id
    run = Store.open(workspace).get(member)
    assert looked_at_before(trained, workspace) == 0
    assert kept_back_by(run, Store.open(workspace).database) == (trained.name,)
    by_hand = predict_with(
        member, config.data, workspace, split=run.config.split, predict=PredictConfig(parts=("test",))
    )
    assert "keeps it back until one run is chosen" in by_hand.warnings[-1]
    assert looked_at_before(trained, workspace) == 1
    assert score_test(trained.experiment_id, workspace).scored_before == 1

    by_loss = RATES.model_copy(update={"metric": "valid_loss"})
    again = start_experiment(config, by_loss, workspace)
    assert [one.run_id for one in again.members] == [one.run_id for one in trained.members]
    assert all(one.reused for one in again.members)
    assert looked_at_before(again, workspace) == 2
    assert score_test(again.experiment_id, workspace).scored_before == 2
    kept = kept_score(trained.experiment_id, workspace)
    assert kept is not None
    assert kept.scored_before == 1, "it says how it was then"

    delete_experiment(again.experiment_id, workspace)
    third = start_experiment(config, by_loss, workspace)
    assert third.experiment_id != again.experiment_id
    assert looked_at_before(third, workspace) == 3, "what was seen is not forgotten with the experiment"


def test_in_a_sweep_over_folds_no_member_meets_the_set_that_is_scored(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, RATES.model_copy(update={"folds": 3}), workspace)
    dataset = open_dataset(config.data, workspace)
    splits = [make_split(dataset, Store.open(workspace).get(one.run_id).config.split) for one in begun.members]
    held_out = splits[0].indices("test")
    assert len(splits) == 6
    assert len(held_out)
    for split in splits:
        assert split.indices("test").tolist() == held_out.tolist()
        assert not set(held_out) & {*split.indices("train"), *split.indices("valid")}
    folds = [set(split.indices("valid")) for split in splits[:3]]
    assert set.union(*folds) == set(range(len(dataset))) - set(held_out)


def test_the_chosen_run_cannot_be_deleted_before_its_score_is_there(workspace: Workspace, trained: Experiment) -> None:
    def stop(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        score_test(trained.experiment_id, workspace, progress=stop)
    chosen = get_experiment(trained.experiment_id, workspace).final_run_id
    assert chosen is not None
    with pytest.raises(RunError, match="test set is not scored yet"):
        delete(chosen, workspace, force=True)
    score = score_test(trained.experiment_id, workspace)
    delete(chosen, workspace, force=True)
    assert score_test(trained.experiment_id, workspace) == score, "no other run takes its place"


def test_it_waits_until_there_is_something_to_choose(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, RATES, workspace)
    with pytest.raises(RunError, match="2 of its runs wait or train"):
        score_test(begun.experiment_id, workspace)
    with pytest.raises(PermissionDeniedError):
        score_test(begun.experiment_id, workspace, user=User("ada", "reader"))
    assert get_experiment(begun.experiment_id, workspace).test_touched_at is None


def test_folds_have_test_sets_of_their_own_unless_one_is_held_out(workspace: Workspace, config: RunConfig) -> None:
    folds = ProtocolConfig(kind="folds", folds=2)
    own = start_experiment(config, folds, workspace)
    assert not own.keeps_test_back
    with pytest.raises(RunError, match="test set of its own"):
        score_test(own.experiment_id, workspace)
    held_out = start_experiment(config.model_copy(update={"split": SplitConfig(hold_out=True)}), folds, workspace)
    assert held_out.keeps_test_back


def test_which_member_is_scored_is_settled_by_the_first_who_asks_over_a_restart(
    workspace: Workspace, config: RunConfig
) -> None:
    begun = start_experiment(config, RATES, workspace)
    first, second = (member.run_id for member in begun.members)
    assert ExperimentTable(workspace).touch_test(begun.experiment_id, second) == second
    settled = get_experiment(begun.experiment_id, workspace)
    assert settled.final_run_id == second
    assert settled.test_touched_at is not None
    again = ExperimentTable(Workspace(workspace.home))
    assert again.touch_test(begun.experiment_id, first) == second
    assert again.touch_test(begun.experiment_id, second) == second
    assert again.get(begun.experiment_id) == settled, "neither the member nor the moment changes"
    other = start_experiment(config, RATES.model_copy(update={"metric": "valid_loss"}), workspace)
    assert get_experiment(other.experiment_id, workspace).test_touched_at is None, "nor another experiment"


def test_an_experiment_counts_once_however_often_its_score_is_asked_for(
    workspace: Workspace, trained: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off before any number was there, made, read, and made again after its file was lost."""
    run = Store.open(workspace).get(trained.members[0].run_id)

    def looks() -> int:
        return scored_before(Store.open(Workspace(workspace.home)).database, run.test_fingerprint, "somebody else")

    def stop(done: int, total: int) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        score_test(trained.experiment_id, workspace, progress=stop)
    assert looks() == 1, "before any number is there, so that none is seen uncounted"
    score = score_test(trained.experiment_id, workspace)
    assert (looks(), score.scored_before) == (1, 0)
    score_test(trained.experiment_id, workspace)
    workspace.test_score(trained.experiment_id).unlink()
    assert score_test(trained.experiment_id, workspace) == score
    assert looks() == 1
    assert looked_at_before(trained, workspace) == 0, "its own look is none before it"
