"""Runs on their own training sets: where the predictions come from, which patches they are, and what is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_runs import DATA, OPTIONS, small_config, trained_run

from histo_core.comparison.compare import compare
from histo_core.comparison.external import validate
from histo_core.comparison.join import join, load
from histo_core.comparison.threshold import parse_threshold, thresholds
from histo_core.comparison.training_set import LEARNT, need_training_set, of_training_set
from histo_core.config import (
    DataConfig,
    PredictConfig,
    SplitConfig,
)
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import ComparisonError
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.models.inference.predictor import Predictor
from histo_core.prediction.predict import predict_with
from histo_core.prediction.training_set import command, job_params, kept_training_set
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.training.data_order import training_rows
from histo_core.workspace import Workspace

FEW = 21


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Run, Run]:
    """A run on a subset that predicts mirror images, and one that predicted its training set by itself."""
    workspace = Workspace(tmp_path_factory.mktemp("training") / "home")
    prepare_dataset(DATA, workspace)
    config = small_config({"max_train_samples": FEW}, predict=PredictConfig(tta="flips"), seed=3)
    asked = config.model_copy(update={"predict": PredictConfig(parts=("train", "test"), tta="flips")})
    return workspace, trained_run(config, workspace, "a"), trained_run(asked, workspace, "b")


def test_without_predictions_the_command_that_makes_them_is_named(trained) -> None:
    workspace, run, _ = trained
    found = load(run, workspace)
    assert of_training_set(found, run, workspace) is None
    with pytest.raises(ComparisonError) as refused:
        need_training_set(found, run, workspace)
    assert "Run a has no predictions of its training set." in str(refused.value)
    assert f"histo_core predict {run.run_id} --split-set train --tta flips --combine mean" in str(refused.value)


def test_the_job_makes_them_and_they_are_the_networks_of_the_very_patches_trained_on(trained) -> None:
    workspace, run, asked = trained
    params = parse_params("predict", job_params(run))
    JOBS["predict"].run(params, workspace, lambda done, total: None)
    kept_set = need_training_set(load(run, workspace), run, workspace)
    dataset = open_dataset(DATA, workspace)
    rows = training_rows(run.config, dataset, make_split(dataset, run.config.split, workspace))
    learnt = kept_set.table[kept_set.table["split"] == "train"]
    assert len(learnt) == FEW
    assert sorted(learnt["sample_id"]) == sorted(dataset.table["sample_id"].iloc[rows])
    expected = Predictor.from_run(workspace.run_folder(run.run_id), "cpu").predict(
        dataset.read(rows), PredictConfig(tta="flips")
    )
    by_id = learnt.set_index("sample_id").loc[dataset.table["sample_id"].iloc[rows]]
    np.testing.assert_allclose(by_id[["prob_normal", "prob_tumour"]], expected.probabilities, rtol=1e-5)

    # The other run has the same weights, and predicted its training set when it had been trained.
    own = need_training_set(load(asked, workspace), asked, workspace)
    columns = ["sample_id", "y_true", "y_pred", "prob_tumour"]
    left, right = (
        one.table.loc[one.table["split"] == "train", columns].sort_values("sample_id", ignore_index=True)
        for one in (kept_set, own)
    )
    pd.testing.assert_frame_equal(left, right, check_exact=False, rtol=1e-5)
    result = compare(join([kept_set, own], "train"))
    assert (result.n, result.warnings[0]) == (FEW, LEARNT)
    rule = parse_threshold("validation:youden")
    kept = thresholds(join([load(run, workspace)], "valid"), "tumour", rule)
    assert thresholds(join([kept_set], "train"), "tumour", rule) == kept, "validation chooses, whatever is compared"
    assert LEARNT not in compare(join([load(run, workspace)], "test")).warnings
    others = DataConfig(dataset="phantom", options=OPTIONS | {"seed": 5})
    elsewhere = predict_with(
        run.run_id, others, workspace, split=SplitConfig(), predict=PredictConfig(parts=("train",))
    )
    scored = validate(elsewhere, run, workspace, "train").here.comparison
    assert scored.n > 0
    assert LEARNT not in scored.warnings, "another data set's training set is new to the run"


def test_predictions_in_other_views_of_other_sets_or_divisions_are_not_taken_for_them(trained) -> None:
    workspace, run, _ = trained
    other = launch(run.config.model_copy(update={"seed": 4}), workspace, name="c", start_supervisor=False)
    assert work(other.run_id, workspace) == 0
    run = Store.open(workspace).get(other.run_id)
    views = PredictConfig(parts=("train",), tta="flips")
    for split, how in (
        (run.config.split, PredictConfig(parts=("train",))),
        (run.config.split, PredictConfig(parts=("valid",), tta="flips")),
        (SplitConfig(method="random", seed=1), views),
        (None, views),
    ):
        predict_with(run.run_id, DATA, workspace, split=split, predict=how)
        assert kept_training_set(run, workspace) is None
    more = PredictConfig(parts=("train", "valid"), tta="flips")
    made = predict_with(run.run_id, DATA, workspace, split=run.config.split, predict=more)
    found = kept_training_set(run, workspace)
    assert found is not None
    assert found.id == made.id


def test_the_command_names_no_views_where_there_is_one(trained) -> None:
    _, run, _ = trained
    plain = Run(**{**vars(run), "config": run.config.model_copy(update={"predict": PredictConfig()})})
    assert command(plain) == f"python -m histo_core predict {run.run_id} --split-set train"
