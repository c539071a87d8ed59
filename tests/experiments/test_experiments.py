"""Starting, looking up and cancelling experiments, and what they come to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from fake_runs import TRAINED, End

from histo_core.access import User
from histo_core.config import RunConfig, SplitConfig
from histo_core.config.protocol import ProtocolConfig, SweepField
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.saved_split import save_split
from histo_core.errors import ConfigError, PermissionDeniedError, RunError, SplitError
from histo_core.evaluation.pooled_predictions import pooled_intervals
from histo_core.evaluation.resampled_ttest import mean_over_seeds, mean_over_splits
from histo_core.experiments.api import (
    cancel_experiment,
    experiments,
    get_experiment,
    resume_experiment,
    start_experiment,
)
from histo_core.experiments.edit import archive_experiment, delete_experiment, rename_experiment
from histo_core.experiments.narrative import verdict
from histo_core.experiments.results import summary
from histo_core.experiments.scores import join_pools
from histo_core.experiments.table import ExperimentTable
from histo_core.maintenance.check import check_workspace
from histo_core.runs.api import launch
from histo_core.runs.store.delete import delete
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.store.schema import EXPERIMENT_RUNS, EXPERIMENTS
from histo_core.workspace import Workspace

FOLDS = ProtocolConfig(kind="folds", folds=3)
RATES = ProtocolConfig(kind="sweep", sweep={"train.learning_rate": SweepField(values=(0.001, 0.01))})


def test_an_experiment_is_queued_whole_and_found_again(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, FOLDS, workspace, name="three", priority=5)
    assert [member.label for member in begun.members] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    runs = [Store.open(workspace).get(member.run_id) for member in begun.members]
    assert [(run.name, run.priority, run.status) for run in runs] == [
        (f"three: fold {number} of 3", 5, RunStatus.QUEUED) for number in (1, 2, 3)
    ]
    assert len({run.split_fingerprint for run in runs}) == 3
    assert get_experiment(begun.experiment_id, workspace) == begun
    assert experiments(workspace) == [begun]
    assert (begun.config, begun.protocol) == (config, FOLDS)


def test_the_same_experiment_is_not_started_twice_while_it_is_active(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    with ThreadPoolExecutor(4) as pool:
        again = set(pool.map(lambda _: start_experiment(config, FOLDS, workspace).experiment_id, range(4)))
    assert again == {begun.experiment_id}
    assert len(Store.open(workspace).runs()) == 3


def test_runs_that_have_succeeded_are_taken_as_they_are(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    end(begun.members[0].run_id)
    end(begun.members[1].run_id, status=RunStatus.FAILED)
    cancel_experiment(begun.experiment_id, workspace)
    again = start_experiment(config, FOLDS, workspace)
    assert again.experiment_id != begun.experiment_id
    assert again.members[0].run_id == begun.members[0].run_id
    assert [Store.open(workspace).get(member.run_id).attempt for member in again.members] == [1, 2, 2]


def test_what_cannot_be_run_is_refused_and_leaves_nothing(workspace: Workspace, config: RunConfig) -> None:
    wrong = ProtocolConfig(kind="sweep", sweep={"model.options.nosuch": SweepField(values=(1, 2))})
    many = ProtocolConfig(kind="folds", folds=50)
    reader = User("ada", "reader")
    with pytest.raises(ConfigError, match="nosuch"):
        start_experiment(config, wrong, workspace)
    with pytest.raises(SplitError, match="50 folds"):
        start_experiment(config, many, workspace)
    with pytest.raises(PermissionDeniedError, match="ada"):
        start_experiment(config, FOLDS, workspace, user=reader)
    assert experiments(workspace) == []
    assert Store.open(workspace).runs() == []


def test_new_splits_must_be_new(workspace: Workspace, config: RunConfig) -> None:
    dataset = open_dataset(config.data, workspace)
    split = make_split(dataset, config.split)
    save_split(dataset, split, config.split, "mine", workspace)
    fixed = config.model_copy(update={"split": SplitConfig(method="saved", saved=split.fingerprint)})
    with pytest.raises(SplitError, match="the same whatever its seed"):
        start_experiment(fixed, ProtocolConfig(kind="repeats", repeats=2, new="splits"), workspace)
    begun = start_experiment(fixed, ProtocolConfig(kind="repeats", repeats=2), workspace)
    assert [member.label for member in begun.members] == ["seed 0", "seed 1"]


def test_a_cancelled_experiment_spares_runs_that_another_one_needs(workspace: Workspace, config: RunConfig) -> None:
    first = start_experiment(config, ProtocolConfig(kind="repeats", repeats=3), workspace)
    second = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    assert {member.run_id for member in second.members} < {member.run_id for member in first.members}
    cancelled = cancel_experiment(first.experiment_id, workspace)
    assert cancelled.cancelled_at is not None
    states = [Store.open(workspace).get(member.run_id).status.value for member in first.members]
    assert states == ["queued", "queued", "cancelled"]
    with pytest.raises(PermissionDeniedError):
        cancel_experiment(second.experiment_id, workspace, user=User("ada", "reader"))
    cancel_experiment(second.experiment_id, workspace)
    assert not Store.open(workspace).any_active()
    assert cancel_experiment(second.experiment_id, workspace).cancelled_at is not None, "twice changes nothing"


def test_a_cancelled_experiment_goes_on(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    end(begun.members[0].run_id)
    end(begun.members[1].run_id, status=RunStatus.FAILED)
    cancel_experiment(begun.experiment_id, workspace)
    with pytest.raises(PermissionDeniedError):
        resume_experiment(begun.experiment_id, workspace, user=User("ada", "reader"))
    resumed = resume_experiment(begun.experiment_id, workspace)
    assert resumed.cancelled_at is None
    states = [Store.open(workspace).get(member.run_id).status.value for member in begun.members]
    assert states == ["succeeded", "queued", "queued"]


def test_an_unknown_experiment_is_one_message(workspace: Workspace) -> None:
    with pytest.raises(RunError, match="no experiment 'nope-1'"):
        get_experiment("nope-1", workspace)


def test_folds_are_summed_up_by_their_pooled_predictions(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    waiting = summary(begun, workspace)
    assert (waiting.active, waiting.finished, waiting.expected, waiting.goes_on) == (3, 0, 3, True)
    assert not waiting.by_metric["auroc"].interval.defined
    assert verdict(waiting) == "3 runs; none has finished yet."
    assert waiting.table()["state"].tolist() == ["queued"] * 3
    assert np.isnan(waiting.table()["test_auroc"]).all()

    end(begun.members[0].run_id)
    one = summary(begun, workspace)
    assert np.isnan(one.by_metric["auroc"].sd)
    assert one.by_metric["auroc"].interval.method == "not every fold has finished"
    assert "in the one run that has finished, 2 still to come" in verdict(one)

    for member in begun.members[1:]:
        end(member.run_id)
    found = summary(begun, workspace)
    values = [one.scores.scores["test"].accuracy for one in found.members if one.scores]
    assert found.by_metric["accuracy"].mean == pytest.approx(np.mean(values))
    assert found.by_metric["accuracy"].sd == pytest.approx(np.std(values, ddof=1))
    pools = [one.scores.pools["test"] for one in found.members if one.scores]
    pooled = join_pools(pools)
    assert len(pooled.y_true) == 80, "each patch was held out once"
    assert pooled.groups is not None
    assert len(set(pooled.groups)) == 8
    expected = pooled_intervals(pooled.y_true, pooled.probabilities, pooled.positive, pooled.groups)
    assert found.by_metric["auroc"].interval == expected["auroc"]
    assert (found.split_set, found.best, found.goes_on) == ("test", None, False)
    assert f"of all patches together {expected['auroc'].value:.3f}" in verdict(found)
    assert verdict(found).startswith("Test AUROC is ")


@pytest.mark.parametrize("new", ["seeds", "splits"])
def test_repeats_get_the_interval_that_belongs_to_them(
    workspace: Workspace, config: RunConfig, end: End, new: str
) -> None:
    begun = start_experiment(
        config, ProtocolConfig.model_validate({"kind": "repeats", "repeats": 3, "new": new}), workspace
    )
    for member in begun.members:
        end(member.run_id)
    found = summary(begun, workspace)
    scores = [one.scores.scores["test"] for one in found.members if one.scores]
    values = [one.loss for one in scores]
    held_out = np.mean([one.n for one in scores])
    expected = mean_over_seeds(values) if new == "seeds" else mean_over_splits(values, TRAINED, float(held_out))
    shown = found.by_metric["loss"].interval
    assert (shown.value, shown.low, shown.high) == (expected.value, max(expected.low, 0.0), expected.high)
    assert "chance in training" in found.about if new == "seeds" else "Nadeau" in found.about
    assert found.by_metric["accuracy"].interval.high <= 1


def test_a_sweep_has_a_best_trial_and_no_mean(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, RATES, workspace)
    for member, skill in zip(begun.members, (0.2, 3.0), strict=True):
        end(member.run_id, skill)
    found = summary(begun, workspace)
    assert (found.split_set, found.best, dict(found.by_metric)) == ("valid", 1, {})
    assert verdict(found).startswith("Of 2 runs, learning_rate 0.01 has the highest validation AUROC, ")
    table = found.table()
    assert table["train.learning_rate"].tolist() == [0.001, 0.01]
    assert table["best"].tolist() == [False, True]
    assert np.isnan(table["test_auroc"]).all()


def test_over_folds_the_best_mean_counts(workspace: Workspace, config: RunConfig, end: End) -> None:
    protocol = RATES.model_copy(update={"folds": 2, "metric": "valid_loss"})
    held_out = config.model_copy(update={"split": SplitConfig(hold_out=True)})
    begun = start_experiment(held_out, protocol, workspace)
    for member, skill in zip(begun.members, (3.0, -3.0, 1.0, 1.0), strict=True):
        end(member.run_id, skill)
    assert summary(begun, workspace).best == 2, "the first fold of the second rate"


def test_a_run_whose_files_are_gone_says_so(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, RATES, workspace)
    for member in begun.members:
        end(member.run_id)
    (workspace.run_folder(begun.members[0].run_id) / "predictions.parquet").unlink()
    found = summary(begun, workspace)
    assert found.members[0].scores is None
    assert "predictions" in found.members[0].problem
    assert found.best == 1


def test_a_run_may_be_queued_before_its_experiment(workspace: Workspace, config: RunConfig) -> None:
    alone = launch(config, workspace, start_supervisor=False)
    begun = start_experiment(config, ProtocolConfig(kind="repeats", repeats=2), workspace)
    assert begun.members[0].run_id == alone.run_id


def test_a_run_whose_files_are_damaged_is_trained_again(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, RATES, workspace)
    for member in begun.members:
        end(member.run_id)
    (workspace.run_folder(begun.members[1].run_id) / "predictions.parquet").write_bytes(b"torn")
    again = start_experiment(config, RATES, workspace)
    assert [Store.open(workspace).get(member.run_id).attempt for member in again.members] == [1, 2]
    assert [member.reused for member in again.members] == [True, False]


def test_a_run_that_a_user_queued_alone_is_not_the_experiments_to_cancel(
    workspace: Workspace, config: RunConfig
) -> None:
    repeats = ProtocolConfig(kind="repeats", repeats=2)
    alone = launch(config, workspace, start_supervisor=False)
    begun = start_experiment(config, repeats, workspace)
    assert [member.reused for member in begun.members] == [True, False]
    cancel_experiment(begun.experiment_id, workspace)
    states = [Store.open(workspace).get(member.run_id).status.value for member in begun.members]
    assert states == ["queued", "cancelled"]
    assert begun.members[0].run_id == alone.run_id


def test_a_member_that_was_deleted_keeps_its_place_and_is_not_waited_for(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    for member in begun.members:
        end(member.run_id)
    with pytest.raises(RunError, match="archive or delete the experiment first"):
        delete(begun.members[1].run_id, workspace)
    archive_experiment(begun.experiment_id, workspace)
    assert (experiments(workspace), len(experiments(workspace, archived=True))) == ([], 1)
    delete(begun.members[1].run_id, workspace)
    archive_experiment(begun.experiment_id, workspace, on=False)
    found = summary(get_experiment(begun.experiment_id, workspace), workspace)
    assert found.table()["state"].tolist() == ["succeeded", "deleted", "succeeded"]
    assert (found.expected, found.ended, found.to_come, found.goes_on) == (3, 3, 0, False)
    assert "to come" not in verdict(found)


def test_an_experiment_is_renamed_and_deleted_without_its_runs(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    assert rename_experiment(begun.experiment_id, "three folds", workspace).name == "three folds"
    with pytest.raises(RunError, match="wait or train"):
        delete_experiment(begun.experiment_id, workspace)
    cancel_experiment(begun.experiment_id, workspace)
    reader = User("ada", "reader")
    for forbidden in (
        lambda: rename_experiment(begun.experiment_id, "mine", workspace, user=reader),
        lambda: archive_experiment(begun.experiment_id, workspace, user=reader),
        lambda: delete_experiment(begun.experiment_id, workspace, user=reader),
    ):
        with pytest.raises(PermissionDeniedError):
            forbidden()
    delete_experiment(begun.experiment_id, workspace)
    assert experiments(workspace, archived=True) == []
    assert len(Store.open(workspace).runs()) == 3
    with pytest.raises(RunError, match="no experiment"):
        archive_experiment(begun.experiment_id, workspace)


def test_an_experiment_of_elsewhere_whose_id_leads_out_of_the_workspace_costs_no_file(
    workspace: Workspace, config: RunConfig, tmp_path: Path
) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    cancel_experiment(begun.experiment_id, workspace)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("precious")
    odd = "../../thesis"
    with Store.open(workspace).database.write() as connection:
        for table in (EXPERIMENTS, EXPERIMENT_RUNS):
            connection.execute(sa.update(table).values(experiment_id=odd))
    check_workspace(workspace, mend=True)
    with pytest.raises(RunError, match="cannot be read: its id"):
        get_experiment(odd, workspace)
    with pytest.raises(RunError, match="cannot be read: its id"):
        rename_experiment(odd, "mine", workspace)
    delete_experiment(odd, workspace)
    assert ExperimentTable(workspace).all().unreadable == ()
    assert [file.name for file in (tmp_path / "thesis").iterdir()] == ["thesis.txt"]


def test_what_never_comes_is_not_promised(workspace: Workspace, config: RunConfig, end: End) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    end(begun.members[0].run_id)
    end(begun.members[1].run_id, status=RunStatus.FAILED)
    assert "1 still to come" in verdict(summary(begun, workspace))
    cancel_experiment(begun.experiment_id, workspace)
    stopped = summary(get_experiment(begun.experiment_id, workspace), workspace)
    assert (stopped.to_come, stopped.goes_on) == (0, False)
    assert "to come" not in verdict(stopped)


def test_a_trial_that_is_not_allowed_has_no_run_and_says_why(workspace: Workspace, config: RunConfig, end: End) -> None:
    sweep = {"train.optimizer": SweepField(values=("adam", "sgd")), "train.momentum": SweepField(values=(0.0, 0.9))}
    begun = start_experiment(config, ProtocolConfig(kind="sweep", sweep=sweep), workspace)
    assert [bool(member.run_id) for member in begun.members] == [True, False, True, True]
    for member in begun.members:
        if member.run_id:
            end(member.run_id)
    found = summary(begun, workspace)
    assert found.table()["state"].tolist() == ["succeeded", "refused", "succeeded", "succeeded"]
    assert "momentum belongs to optimizer sgd or rmsprop" in found.members[1].problem
    assert (found.finished, found.to_come) == (3, 0)
    assert found.best is not None


def test_without_a_test_set_the_numbers_are_of_validation_and_say_so(
    workspace: Workspace, config: RunConfig, end: End
) -> None:
    untested = config.model_copy(update={"split": SplitConfig(test=0.0)})
    begun = start_experiment(untested, ProtocolConfig(kind="repeats", repeats=2), workspace)
    for member in begun.members:
        end(member.run_id)
    found = summary(begun, workspace)
    assert (found.split_set, found.by_metric["auroc"].n) == ("valid", 2)
    assert verdict(found).startswith("Validation AUROC is ")
    assert "because the split has no test set" in found.about


def test_an_experiment_of_another_version_is_left_out_of_the_list(workspace: Workspace, config: RunConfig) -> None:
    begun = start_experiment(config, FOLDS, workspace)
    other = start_experiment(config, RATES, workspace)
    with Store.open(workspace).database.write() as connection:
        mine = EXPERIMENTS.c.experiment_id == begun.experiment_id
        connection.execute(sa.update(EXPERIMENTS).where(mine).values(protocol={"kind": "folds", "mood": "good"}))
    assert experiments(workspace) == [other]
