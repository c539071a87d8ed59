"""The test part is scored once, for the member that was chosen without it. Here networks are really trained."""

from __future__ import annotations

import pytest

from histo_core.access import User
from histo_core.config import RunConfig, SplitConfig
from histo_core.config_protocol import ProtocolConfig, SweepField
from histo_core.data.predictions import read_predictions
from histo_core.errors import CancelledError, PermissionDeniedError, RunError
from histo_core.evaluation.class_scores import METRICS
from histo_core.experiments.final import kept_score, score_test, why_not
from histo_core.experiments.launcher import get_experiment, start_experiment
from histo_core.experiments.records import Experiment
from histo_core.experiments.summary import summary
from histo_core.runs.worker import work
from histo_core.workspace import Workspace

RATES = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.001, 0.01))})


@pytest.fixture
def trained(workspace: Workspace, config: RunConfig) -> Experiment:
    """A sweep whose runs have really been trained."""
    begun = start_experiment(config, RATES, workspace)
    for member in begun.members:
        assert work(member.run_id, workspace) == 0
    return begun


def test_the_test_part_is_touched_once_and_the_result_is_kept(workspace: Workspace, trained: Experiment) -> None:
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
    monkeypatch.setattr("histo_core.experiments.final._chosen", lambda *_: pytest.fail("it was chosen already"))
    assert score_test(trained.experiment_id, workspace).run_id == chosen


def test_it_waits_until_there_is_something_to_choose(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, RATES, workspace)
    with pytest.raises(RunError, match="2 of its runs wait or train"):
        score_test(begun.experiment_id, workspace)
    with pytest.raises(PermissionDeniedError):
        score_test(begun.experiment_id, workspace, user=User("ada", "reader"))
    assert get_experiment(begun.experiment_id, workspace).test_touched_at is None


def test_folds_have_test_parts_of_their_own_unless_one_is_held_out(workspace: Workspace, config: RunConfig) -> None:
    folds = ProtocolConfig(kind="folds", folds=2)
    own = start_experiment(config, folds, workspace)
    assert not own.keeps_test_back
    with pytest.raises(RunError, match="test part of its own"):
        score_test(own.experiment_id, workspace)
    held_out = start_experiment(config.model_copy(update={"split": SplitConfig(hold_out=True)}), folds, workspace)
    assert held_out.keeps_test_back
