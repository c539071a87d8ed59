"""Data, comparison and explanation of a real run, from a shell."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.comparison.join import join, load
from histo_core.comparison.threshold import ThresholdRule, thresholds
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.dataset import DATASETS
from histo_core.runs.api import launch
from histo_core.runs.store.runs import Store
from histo_core.runs.store.test_set_access import scored_before
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

DATA = DataConfig(dataset="phantom", options={"patches": 80, "patients": 8})
OPTIONS = ("--dataset", "phantom", "--option", "patches=80", "--option", "patients=8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[str]]:
    """Two small runs, carried out in this process."""
    workspace = Workspace(tmp_path_factory.mktemp("trained"))
    train = TrainConfig(epochs=1, batch_size=16, device="cpu", threads=1)
    ids = []
    for name in ("cnn_narrow", "cnn_rnn"):
        config = RunConfig(data=DATA, preprocess=PreprocessConfig(crop=32), model=ModelConfig(name=name), train=train)
        ids.append(launch(config, workspace, start_supervisor=False).run_id)
        assert work(ids[-1], workspace) == 0
    return workspace, ids


@pytest.fixture
def runs(trained: tuple[Workspace, list[str]], call, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("HISTOSCOPE_HOME", str(trained[0].home))
    return trained[1]


def test_data_list_names_every_data_set(call) -> None:
    listed = call("data", "list")
    assert listed.code == 0
    assert all(f"{name}: " in listed.out for name in ("phantom", "kpcam", "pcam", "folder"))


def test_data_build_and_check(call, runs: list[str]) -> None:
    assert "The phantom is in" in call("data", "build", *OPTIONS).out
    checked = call("data", "check", *OPTIONS)
    assert checked.code == 0
    assert "80 patches, classes: normal, tumour" in checked.out
    assert "patient" in checked.out
    assert call("data", "build", "--option", "colour=3").code == 2
    assert "is not made here" in call("data", "build", "--dataset", "kpcam").err


def test_compare_prints_intervals_and_a_verdict_and_writes_a_report(call, runs: list[str], tmp_path: Path) -> None:
    done = call("compare", *runs, "--out", str(tmp_path / "report"))
    assert (done.code, done.err) == (0, "")
    assert all(run_id in done.out for run_id in runs)
    assert "95% intervals in brackets, from normal: " in done.out
    assert done.out.count("Classification report of ") == 2
    assert "The one pair of models was tested" in done.out
    assert "Threshold: 0.5, the default." in done.out
    assert done.out.rstrip().split("\n")[-2] == "Beside these runs, the test set was not scored before."
    assert " to " in done.out
    assert (tmp_path / "report" / "index.html").is_file()
    tables = [pd.read_csv(file) for file in (tmp_path / "report").rglob("*.csv")]
    assert any(set(table.get("run_id", [])) == set(runs) for table in tables)


def test_compare_takes_a_threshold_from_validation_and_a_comparator_named_beforehand(
    call, runs: list[str], tmp_path: Path
) -> None:
    """What stands in the files is what was asked for, run by run."""
    rule, out = "validation:sensitivity=0.8", tmp_path / "report"
    done = call("compare", *runs, "--threshold", rule, "--comparator", runs[1], "--out", str(out))
    assert (done.code, done.err) == (0, "")
    assert "named beforehand" in done.out
    assert "sensitivity ≥ 0.8, validation" in done.out
    assert "a sensitivity of at least 0.8 on its own validation set" in done.out
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["threshold"], manifest["comparator"]) == (rule, runs[1])
    workspace = Workspace.default()
    joined = join([load(Store.open(workspace).get(run_id), workspace) for run_id in runs])
    expected = thresholds(joined, "tumour", ThresholdRule("sensitivity", 0.8))
    assert [manifest["thresholds"][run_id] for run_id in runs] == list(expected)
    differences = pd.read_csv(out / "differences.csv")
    assert differences[["first_id", "other_id"]].to_numpy().tolist() == [[runs[0], runs[1]]]
    assert len(pd.read_csv(out / "class_report.csv")) == 2 * (2 + 3)
    by_hand = call("compare", *runs, "--threshold", "0.25")
    assert "Threshold: 0.25, chosen by hand." in by_hand.out


def test_compare_counts_each_set_of_runs_on_the_test_set_once(call, runs: list[str]) -> None:
    """Whatever the order, threshold or class; validation is no look."""
    database, run = Store.open(Workspace.default()).database, Store.open(Workspace.default()).get(runs[0])
    assert run.test_fingerprint
    call("compare", runs[0], "--split-set", "valid")
    before = scored_before(database, run.test_fingerprint, "nobody")
    call("compare", runs[0])
    call("compare", runs[0], "--threshold", "0.4", "--class-of-interest", "normal")
    assert scored_before(database, run.test_fingerprint, "nobody") == before + 1
    call("compare", *runs)
    after = scored_before(database, run.test_fingerprint, "nobody")
    call("compare", *reversed(runs))
    assert scored_before(database, run.test_fingerprint, "nobody") == after


def test_compare_refuses_what_it_should(call, runs: list[str]) -> None:
    assert "There is no run" in call("compare", "nope-1").err
    assert call("compare", *runs, "--threshold", "3").code == 2
    assert "validation:youden" in call("compare", *runs, "--threshold", "test:youden").err
    assert "comparator 'nope-1' is not among the runs" in call("compare", *runs, "--comparator", "nope-1").err
    assert call("compare", *runs, "--split-set", "train").code == 2


@pytest.mark.parametrize(
    ("method", "setting"), [("gradcam", ()), ("lime", ("--set", "samples=100", "--set", "seed=3"))]
)
def test_explain_writes_overlay_map_and_facts(
    call, runs: list[str], tmp_path: Path, method: str, setting: tuple[str, ...]
) -> None:
    predictions = Workspace.default().run_folder(runs[0]) / "predictions.parquet"
    patch = str(pd.read_parquet(predictions)["sample_id"].iloc[0])
    done = call("explain", runs[0], "--patch", patch, "--method", method, *setting, "--out", str(tmp_path / "out"))
    assert (done.code, done.err) == (0, "")
    stem = tmp_path / "out" / f"{runs[0]}-{method}"
    facts = json.loads(stem.with_suffix(".json").read_text())
    assert (facts["run_id"], facts["source"], facts["method"]) == (runs[0], patch, method)
    assert facts["seed"] == (3 if method == "lime" else None)
    values = np.load(stem.with_suffix(".npy"))
    assert (values.shape, values.dtype) == ((96, 96), np.float32)
    with Image.open(stem.with_suffix(".png")) as overlay:
        assert overlay.format == "PNG"


@pytest.mark.parametrize("method", ["gradcam", "lime"])
def test_explain_saves_bare_glass_as_negligible(call, runs: list[str], tmp_path: Path, method: str) -> None:
    Image.new("RGB", (96, 96), "white").save(tmp_path / "glass.png")
    done = call("explain", runs[0], "--image", str(tmp_path / "glass.png"), "--method", method, "--out", str(tmp_path))
    assert (done.code, done.err) == (0, "")
    assert "nothing in the picture moves this answer" in done.out
    stem = tmp_path / f"{runs[0]}-{method}"
    facts = json.loads(stem.with_suffix(".json").read_text())
    assert facts["negligible"] is True
    assert "nothing in the picture moves this answer" in facts["words"]
    assert facts["influence"]["log_odds_moved_by_whole_picture"] == pytest.approx(0, abs=1e-5)
    picture = np.asarray(Image.open(stem.with_suffix(".png")).convert("RGB"))
    assert (picture[:480, :480].max(axis=2) == picture[:480, :480].min(axis=2)).all(), "grey"


def test_explain_says_where_the_labels_box_is(
    call, runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (DATASETS["pcam"].info.label_box, DATASETS["kpcam"].info.label_box) == (32, 32)
    info = dataclasses.replace(DATASETS["phantom"].info, label_box=16)
    monkeypatch.setattr(DATASETS["phantom"], "info", info)
    Image.new("RGB", (96, 96), "white").save(tmp_path / "glass.png")
    done = call("explain", runs[0], "--image", str(tmp_path / "glass.png"), "--out", str(tmp_path))
    assert "the central 16 x 16 pixels, but a map need not point there" in done.out
    facts = json.loads((tmp_path / f"{runs[0]}-gradcam.json").read_text())
    assert facts["note"] in done.out


@pytest.mark.parametrize("method", ["gradcam", "lime"])
@pytest.mark.parametrize(("width", "height"), [(64, 1), (1, 64), (1, 1), (31, 96)])
def test_explain_refuses_too_small_an_image_in_one_sentence(
    call, runs: list[str], tmp_path: Path, method: str, width: int, height: int
) -> None:
    Image.new("RGB", (width, height)).save(tmp_path / "line.png")
    out = ("--out", str(tmp_path / "out"))
    done = call("explain", runs[0], "--image", str(tmp_path / "line.png"), "--method", method, *out)
    assert done.code == 2
    assert f"The image is {width} x {height} pixels." in done.err
    assert "Take a larger patch." in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_explain_takes_an_image_file_and_a_class(call, runs: list[str], tmp_path: Path) -> None:
    file = tmp_path / "patch.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)).save(file)
    done = call("explain", runs[0], "--image", str(file), "--target", "normal", "--out", str(tmp_path))
    assert done.code == 0
    assert done.out.startswith("Doubtful: this image does not look like what the model was trained on.")  # it is noise
    assert "The model says normal" in done.out or "The model says tumour" in done.out
    assert ", .npy, .json" in done.out


def test_explain_refuses_what_it_should(call, runs: list[str], tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "out"))
    (tmp_path / "text.png").write_text("no image")
    for arguments, message in (
        ((), "One of --patch and --image."),
        (("--patch", "nope"), "has no patch 'nope'"),
        (("--image", str(tmp_path / "nosuch.png")), "There is no image"),
        (("--image", str(tmp_path / "text.png")), "text.png"),
        (("--patch", "0", "--method", "shap"), "Unknown explanation method 'shap'"),
        (("--patch", "0", "--set", "nosuch=1"), "nosuch is not a known field"),
    ):
        done = call("explain", runs[0], *arguments, *out)
        assert done.code == 2
        assert message in done.err
    assert not (tmp_path / "out").exists()
