"""``predict`` on other phantom tissue, with labels and without."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, SplitConfig, TrainConfig
from histo_core.data.opening import prepare_dataset
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

DATA = DataConfig(dataset="phantom", options={"patches": 80, "patients": 8})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    workspace = Workspace(tmp_path_factory.mktemp("predict") / "home")
    prepare_dataset(DATA, workspace)
    config = RunConfig(
        data=DATA,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=16, device="cpu", threads=1),
    )
    run = launch(config, workspace, start_supervisor=False)
    assert work(run.run_id, workspace) == 0
    return workspace, run.run_id


@pytest.fixture
def run_id(trained: tuple[Workspace, str], workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> str:
    """The run, in the workspace that commands use."""
    del workspace  # it is set first, then replaced
    monkeypatch.setenv("HISTOSCOPE_HOME", str(trained[0].home))
    return trained[1]


def test_labelled_data_get_metrics_beside_the_runs_own(call: Callable, run_id: str, tmp_path: Path) -> None:
    options = ["--option", "patches=80", "--option", "patients=8", "--option", "seed=5"]
    done = call("predict", run_id, "--dataset", "phantom", *options, "--tta", "flips", "--out", f"{tmp_path}/p.csv")
    assert (done.code, done.err) == (0, "")
    assert "Resolution: alike" in done.out
    lines = done.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("where"))
    assert lines[start + 1].startswith("these data")
    assert lines[start + 2].startswith("its own test set")
    assert "balanced accuracy" in lines[start]
    table = pd.read_csv(tmp_path / "p.csv")
    assert len(table) == 80
    np.testing.assert_allclose(table["prob_normal"] + table["prob_tumour"], 1)


def test_a_set_of_the_runs_own_data(call: Callable, run_id: str, tmp_path: Path) -> None:
    options = ["--option", "patches=80", "--option", "patients=8", "--split-set", "valid", "--split-set", "test"]
    done = call("predict", run_id, "--dataset", "phantom", *options, "--out", f"{tmp_path}/p.parquet")
    assert done.code == 0
    assert "these data, valid (the run's own split)" in done.out
    assert "Warning: Shared patches" in done.out  # the validation set chose the epoch
    assert set(pd.read_parquet(tmp_path / "p.parquet")["split"]) == {"valid", "test"}


def test_the_runs_own_split_is_taken_for_its_own_data(call: Callable, run_id: str, trained: tuple) -> None:
    """A run on another split of the same data: by "auto", patches that it was trained on would be called its test."""
    workspace, _ = trained
    config = Store.open(workspace).get(run_id).config
    other = launch(
        config.model_copy(update={"split": SplitConfig(method="random", seed=3)}), workspace, start_supervisor=False
    )
    assert work(other.run_id, workspace) == 0
    options = ["--option", "patches=80", "--option", "patients=8", "--split-set", "test"]
    own = call("predict", other.run_id, "--dataset", "phantom", *options)
    assert "these data, test (the run's own split)" in own.out
    assert "Warning" not in own.out
    auto = call("predict", other.run_id, "--dataset", "phantom", *options, "--split", "auto")
    assert "these data, test (split by patient, seed 0)" in auto.out
    assert "Warning: Shared patches" in auto.out


@pytest.mark.parametrize("option", ["--out", "--submission"])
def test_predictions_are_never_written_over_what_the_workspace_keeps(
    call: Callable, run_id: str, tmp_path: Path, option: str
) -> None:
    home = Workspace.default().home
    (tmp_path / "door").symlink_to(home / "runs" / run_id)
    kept = {file: file.read_bytes() for file in home.glob("runs/*/*") if file.is_file()}
    assert kept
    for folder in (home / "runs" / run_id, tmp_path / "door"):
        for name in ("predictions.parquet", "new.csv"):
            refused = call("predict", run_id, option, str(folder / name))
            assert refused.code == 2
            assert "lies in the workspace" in refused.err
    assert {file: file.read_bytes() for file in home.glob("runs/*/*") if file.is_file()} == kept


def test_a_submission_is_a_csv_file(call: Callable, run_id: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    refused = call("predict", run_id, "--submission", str(tmp_path / "config.yaml"))
    assert refused.code == 2
    assert "does not end in .csv" in refused.err
    assert (tmp_path / "config.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments",
    [("compare", "a", "--out"), ("explain", "a", "--out"), ("export", "a", "--onnx"), ("data", "audit", "--out")],
    ids=lambda arguments: arguments[0],
)
def test_no_other_output_lies_in_the_workspace(
    call: Callable, workspace: Workspace, arguments: tuple[str, ...]
) -> None:
    refused = call(*arguments, str(workspace.runs / "out.onnx"))
    assert refused.code == 2
    assert "lies in the workspace" in refused.err


def test_unlabelled_images_give_a_submission(call: Callable, run_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "kaggle" / "test"
    folder.mkdir(parents=True)
    for name in ("b0", "a1"):
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)).save(folder / f"{name}.tif")
    arguments = ["--dataset", "kpcam", "--root", str(tmp_path / "kaggle"), "--option", "part=test"]
    done = call("predict", run_id, *arguments, "--submission", str(tmp_path / "submission.csv"))
    assert (done.code, done.err) == (0, "")
    assert "0 of them have a label" in done.out
    assert "AUROC" not in done.out
    submission = pd.read_csv(tmp_path / "submission.csv")
    assert submission.columns.tolist() == ["id", "label"]
    assert submission["id"].tolist() == ["a1", "b0"]


def test_what_cannot_be_done_is_said_before_anything_is_predicted(call: Callable, run_id: str) -> None:
    wrong_table = call("predict", run_id, "--dataset", "phantom", "--out", "p.xlsx")
    assert (wrong_table.code, "p.xlsx is no table" in wrong_table.err) == (2, True)
    wrong_views = call("predict", run_id, "--dataset", "phantom", "--tta", "many")
    assert (wrong_views.code, "tta = 'many'" in wrong_views.err) == (2, True)


def test_compare_on_the_training_set_names_the_command_that_makes_it_possible(call: Callable, run_id: str) -> None:
    """What is said is typed, and then it is possible."""
    refused = call("compare", run_id, "--split-set", "train")
    assert refused.code == 2
    command = re.search(r"python -m histo_core (predict [\w\- ]+)", " ".join(refused.err.split()))
    assert command is not None, refused.err
    assert call(*command[1].split()).code == 0
    done = call("compare", run_id, "--split-set", "train")
    assert (done.code, done.err) == (0, "")
    assert "train patches" in done.out
    assert "patches that the models have learnt from" in " ".join(done.out.split())


def test_without_a_data_set_the_runs_own_is_meant(call: Callable, run_id: str) -> None:
    own = call("predict", run_id, "--split-set", "test")
    named = call(
        *("predict", run_id, "--dataset", "phantom", "--option", "patches=80", "--option", "patients=8"),
        *("--split-set", "test"),
    )
    assert own.code == named.code == 0
    assert own.out == named.out
    other = call("predict", run_id, "--option", "seed=5")
    assert "80 patches:" in other.out
    assert "are from the run's own" not in other.out
