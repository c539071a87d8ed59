"""A finished run on other data: matched, checked, kept, and gone on with after a stop."""

from __future__ import annotations

import numpy as np
import pytest
from image_folders import image_folders
from onnxruntime import InferenceSession
from small_runs import DATA as OWN
from small_runs import OTHER, small_config, trained_run
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from histo_core.auditing.domain_shift import StainProfile, stain_shift
from histo_core.config import (
    DataConfig,
    PredictConfig,
    PreprocessConfig,
    RunConfig,
    SplitConfig,
)
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.predictions import read_predictions
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import CancelledError, ConfigError, CorruptDataError, RunError
from histo_core.files import write_json
from histo_core.jobs.onnx_export import OnnxParams, onnx_path, write_onnx
from histo_core.models.inference.predictor import Predictor
from histo_core.prediction import resume
from histo_core.prediction.predict import get_predictions, list_predictions, predict_with
from histo_core.prediction.preflight import resolution, resolution_check, shared_check
from histo_core.prediction.seen_samples import count_seen, own_split
from histo_core.prediction.stored import asked, same_but_classes
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

SYMMETRIES = PredictConfig(tta="symmetries")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """A workspace with a finished run of seconds."""
    folder = tmp_path_factory.mktemp("predictions")
    made = Workspace(folder / "home", extra_roots=(folder,))
    prepare_dataset(OWN, made)
    return made, trained_run(small_config(), made, "small").run_id


@pytest.fixture(scope="module")
def pictures(trained: tuple[Workspace, str]) -> DataConfig:
    """Five grey, unstained images of other classes in folders; one class has the run's own name."""
    root = image_folders(trained[0].home.parent / "pictures", {"normal": 2, "malignant": 3}, (96, 96))
    return DataConfig(dataset="folder", root=str(root))


@pytest.fixture(scope="module")
def respelt(trained: tuple[Workspace, str]) -> DataConfig:
    """Six images in folders whose names are almost the run's classes, and one that is none of them."""
    counts = {"Normal": 2, "tumor": 3, "benign": 1}
    root = image_folders(trained[0].home.parent / "respelt", counts, (96, 96), seed=1)
    return DataConfig(dataset="folder", root=str(root))


def test_all_patches_of_other_data_are_predicted_and_kept(trained: tuple[Workspace, str]) -> None:
    workspace, run_id = trained
    found = predict_with(run_id, OTHER, workspace, predict=SYMMETRIES)
    table = found.table()
    dataset = open_dataset(OTHER, workspace)
    expected = Predictor.from_run(workspace.run_folder(run_id), "cpu").predict(
        dataset.read(np.arange(len(dataset))), SYMMETRIES
    )
    np.testing.assert_allclose(table[["prob_normal", "prob_tumour"]], expected.probabilities, rtol=1e-5)
    assert table["sample_id"].tolist() == dataset.table["sample_id"].tolist()
    assert table["y_true"].tolist() == [dataset.classes[label] for label in dataset.table["label"]]
    assert table["patient_id"].notna().all()
    assert set(table["split"]) == {"test"}
    assert (found.run_id, found.data, found.labelled, found.facts["samples"]) == (run_id, OTHER, 80, 80)
    assert {check["name"]: check["verdict"] for check in found.facts["checks"]}["resolution"] == "alike"
    assert not list((workspace.home / "predictions").glob(".*"))


def test_the_same_question_is_answered_from_what_is_kept(
    trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained
    first = predict_with(run_id, OTHER, workspace, predict=SYMMETRIES)
    monkeypatch.setattr("histo_core.prediction.predict.predict_chunks", None)
    assert predict_with(run_id, OTHER, workspace, predict=SYMMETRIES).facts == first.facts
    assert first.id in [one.id for one in list_predictions(workspace, run_id)]
    assert list_predictions(workspace, "other-1") == []


def test_the_runs_own_set_gives_the_runs_own_predictions_and_a_warning_only_where_it_learnt(
    trained: tuple[Workspace, str],
) -> None:
    workspace, run_id = trained
    own = read_predictions(workspace.run_folder(run_id) / "predictions.parquet").query("split == 'test'")
    test = predict_with(run_id, OWN, workspace, split=SplitConfig(), predict=PredictConfig(parts=("test",)))
    columns = ["sample_id", "y_true", "y_pred", "prob_normal", "prob_tumour", "score_tumour"]
    left, right = (table[columns].set_index("sample_id").sort_index() for table in (test.table(), own))
    np.testing.assert_array_equal(left.to_numpy(), right.to_numpy())
    assert {check["name"]: check["verdict"] for check in test.facts["checks"]}["shared"] == "alike"
    train = predict_with(run_id, OWN, workspace, split=SplitConfig(), predict=PredictConfig(parts=("train", "test")))
    count = int((train.table()["split"] == "train").sum())
    assert f"{count} of {len(train.table())} patches are from the run's own" in train.warnings[-1]


def test_its_own_data_are_known_by_their_ids_and_content_wherever_they_lie(
    trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained
    run, source = Store.open(workspace).get(run_id), open_dataset(OWN, workspace)
    own = own_split(run, source, workspace)
    assert own is not None
    assert own_split(run, open_dataset(OTHER, workspace), workspace) is None
    assert count_seen(own, np.arange(len(source))) == len(source) - len(own.indices("test"))
    assert count_seen(own, own.indices("test")) == 0
    monkeypatch.setattr("histo_core.prediction.predict.training_digests", None)  # no pixel is looked at, at any size
    split_sets = PredictConfig(parts=("valid", "test"))
    found = predict_with(run_id, OWN, workspace, split=run.config.split, predict=split_sets)
    assert found.warnings[-1].startswith(f"Shared patches: {len(own.indices('valid'))} of {len(found.table())} patches")
    assert found.facts["division"] == "the run's own split"
    another = SplitConfig(method="random", seed=1)
    test = predict_with(run_id, OWN, workspace, split=another, predict=PredictConfig(parts=("test",)))
    learnt = set(source.table["sample_id"].to_numpy()[np.isin(own.split_sets, ("train", "valid"))])
    count = len(learnt & set(test.table()["sample_id"]))
    assert f"{count} of {len(test.table())} patches are from the run's own" in test.warnings[-1]
    assert test.facts["division"] == "split by random, seed 1"


def test_a_stop_keeps_what_was_predicted_and_the_next_call_goes_on(
    trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained
    monkeypatch.setitem(resume.predict_chunks.__kwdefaults__, "size", 32)
    flips = PredictConfig(tta="flips")
    whole = predict_with(run_id, OTHER, workspace, predict=PredictConfig(tta="flips", combine="vote"))

    def stop(done: int, total: int) -> None:
        if (done, total) == (80, 80):
            raise CancelledError("It was stopped on request.")

    with pytest.raises(CancelledError):
        predict_with(run_id, OTHER, workspace, predict=flips, progress=stop)
    kept = sorted((workspace.home / "predictions").glob(".*.work/*.npz"))
    assert [file.name for file in kept] == ["000000000.npz", "000000032.npz"]
    assert len(list_predictions(workspace)) == len(list((workspace.home / "predictions").glob("[!.]*")))
    kept[1].write_bytes(b"torn")
    told: list[tuple[int, int]] = []
    found = predict_with(run_id, OTHER, workspace, predict=flips, progress=lambda *step: told.append(step))
    assert told[:5] == [(32, 80), (64, 80), (64, 80), (80, 80), (80, 80)]
    agree = (found.table()["y_pred"] == whole.table()["y_pred"]).mean()
    assert agree > 0.9


def test_classes_must_match_or_be_mapped(trained: tuple[Workspace, str], pictures: DataConfig) -> None:
    workspace, run_id = trained
    with pytest.raises(ConfigError, match="'malignant', which the model does not know"):
        predict_with(run_id, pictures, workspace)
    found = predict_with(run_id, pictures, workspace, classes={"malignant": "tumour"})
    assert sorted(found.table()["y_true"]) == ["normal", "normal", "tumour", "tumour", "tumour"]
    unlabelled = predict_with(run_id, pictures, workspace, classes={"malignant": "", "normal": ""})
    assert unlabelled.labelled == 0
    assert unlabelled.table()["y_true"].isna().all()
    verdicts = {check["name"]: check["verdict"] for check in found.facts["checks"]}
    assert verdicts == {"resolution": "unknown", "stain": "differs", "shared": "alike", "classes": "alike"}
    assert any(sentence.startswith("Stain: differs") for sentence in found.warnings)


def test_classes_in_another_spelling_are_matched_and_what_is_ignored_is_said(
    trained: tuple[Workspace, str], respelt: DataConfig
) -> None:
    """tumor/tumour: before, the labels of one class could be lost without a word."""
    workspace, run_id = trained
    with pytest.raises(ConfigError, match=r"'benign', which the model .*not count: benign 1, of 6.*benign=normal"):
        predict_with(run_id, respelt, workspace)
    found = predict_with(run_id, respelt, workspace, classes={"benign": ""})
    assert found.facts["asked"]["classes"] == {"Normal": "normal", "benign": "", "tumor": "tumour"}
    assert sorted(found.table()["y_true"].dropna()) == ["normal", "normal", "tumour", "tumour", "tumour"]
    assert found.labelled == 5
    reasons = [(one["theirs"], one["ours"], one["reason"], one["patches"]) for one in found.facts["mapping"]]
    assert reasons == [
        ("Normal", "normal", "case", 2), ("benign", "", "chosen", 1), ("tumor", "tumour", "spelling", 3)
    ]  # fmt: skip
    (check,) = [check for check in found.facts["checks"] if check["name"] == "classes"]
    assert check["verdict"] == "differs"
    assert check["sentence"] in found.warnings
    assert "1 of 6 labelled patches do not count, because the model has no class for benign (1)" in check["sentence"]


def test_classes_are_mapped_afterwards_without_predicting_again(
    trained: tuple[Workspace, str], respelt: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained
    how = PredictConfig(tta="flips")
    first = predict_with(run_id, respelt, workspace, predict=how, classes={"benign": ""})
    monkeypatch.setattr("histo_core.prediction.predict.predict_chunks", None)
    other = predict_with(run_id, respelt, workspace, predict=how, classes={"benign": "normal"})
    assert other.id != first.id
    assert (other.labelled, first.labelled) == (6, 5)
    before, after = first.table(), other.table()
    np.testing.assert_array_equal(before.filter(like="prob_"), after.filter(like="prob_"))
    np.testing.assert_array_equal(before.filter(like="score_"), after.filter(like="score_"))
    assert after.loc[before["y_true"].isna(), "y_true"].tolist() == ["normal"]
    names = [check["name"] for check in other.facts["checks"]]
    assert names == ["resolution", "stain", "shared", "classes"]
    assert not [one for one in other.warnings if one.startswith("Classes")]
    question = {"run_id": run_id, "asked": asked(respelt, None, how, {"benign": "tumour"})}
    assert same_but_classes(question, workspace) is not None
    votes = asked(respelt, None, PredictConfig(tta="flips", combine="vote"), None)
    assert same_but_classes(question | {"asked": votes}, workspace) is None
    assert same_but_classes(question, workspace, state="of other files") is None


def test_predictions_without_a_kept_mapping_still_open(trained: tuple[Workspace, str], respelt: DataConfig) -> None:
    """Older versions kept no mapping and no check of the classes."""
    workspace, run_id = trained
    how = PredictConfig(tta="symmetries")
    found = predict_with(run_id, respelt, workspace, predict=how, classes={"benign": "tumour"})
    facts = {name: value for name, value in found.facts.items() if name != "mapping"}
    facts["checks"] = [check for check in facts["checks"] if check["name"] != "classes"]
    write_json(found.folder / "facts.json", facts)
    again = get_predictions(found.id, workspace)
    assert again.facts["checks"] == facts["checks"]
    assert predict_with(run_id, respelt, workspace, predict=how, classes={"benign": "tumour"}).facts == again.facts
    other = predict_with(run_id, respelt, workspace, predict=how, classes={"benign": "normal"})
    assert [one["reason"] for one in other.facts["mapping"]] == ["case", "chosen", "spelling"]


def test_training_data_that_are_gone_leave_only_what_the_manifest_knows(
    trained: tuple[Workspace, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run_id = trained

    def gone(data: DataConfig, workspace: Workspace) -> None:
        raise CorruptDataError("gone")

    monkeypatch.setattr("histo_core.prediction.preflight.open_dataset", gone)
    found = predict_with(run_id, OTHER, workspace)
    verdicts = {check["name"]: check["verdict"] for check in found.facts["checks"]}
    assert verdicts == {"resolution": "alike", "stain": "unknown", "shared": "unknown"}


def test_only_a_run_that_succeeded_predicts(trained: tuple[Workspace, str]) -> None:
    workspace, _ = trained
    waiting = Store.open(workspace).enqueue(
        RunConfig(), data_hash="d" * 64, split_fingerprint="f" * 64, device="cpu", name="waiting"
    )
    with pytest.raises(RunError, match="is queued"):
        predict_with(waiting.run_id, OTHER, workspace)
    with pytest.raises(RunError):
        predict_with("nonsense-1", OTHER, workspace)


def test_predictions_that_were_changed_are_refused(trained: tuple[Workspace, str]) -> None:
    workspace, run_id = trained
    found = predict_with(run_id, OTHER, workspace, predict=PredictConfig(tta="symmetries", combine="vote"))
    file = found.folder / "predictions.parquet"
    found.table().iloc[::-1].to_parquet(file, index=False)
    with pytest.raises(CorruptDataError, match="not those that were written"):
        found.table()


@pytest.mark.parametrize("name", ["../../etc", "0" * 16, ""])
def test_an_id_that_is_none(trained: tuple[Workspace, str], name: str) -> None:
    with pytest.raises(RunError, match="no predictions"):
        get_predictions(name, trained[0])


@pytest.mark.parametrize("damaged", ["made_at", "labelled", "split", "classes", "positive", "parts", "checks"])
@pytest.mark.parametrize("lost", [True, False])
def test_facts_that_are_damaged_are_passed_over(workspace: Workspace, damaged: str, lost: bool) -> None:
    facts = {
        "run_id": "a-1",
        "asked": {"data": {"dataset": "phantom"}},
        "warnings": [],
        "made_at": "2026-01-01T00:00:00+00:00",
        "labelled": 1,
        "split": "f",
        "classes": ["a", "b"],
        "positive": "b",
        "parts": ["test"],
        "checks": [],
    }
    write_json(workspace.home / "predictions" / ("0" * 16) / "facts.json", facts)
    assert len(list_predictions(workspace)) == 1
    wrong = {name: value for name, value in facts.items() if name != damaged} | ({} if lost else {damaged: None})
    for name in ("1" * 16, "2" * 16):
        write_json(workspace.home / "predictions" / name / "facts.json", wrong)
    assert [one.id for one in list_predictions(workspace)] == ["0" * 16]


def test_resolution_counts_after_crop_and_resize() -> None:
    crop, resize = Preprocess(PreprocessConfig(crop=48)), Preprocess(PreprocessConfig(resize=48))
    assert resolution(0.5, crop, (96, 96)) == 0.5
    assert resolution(0.5, resize, (96, 96)) == 1.0
    assert resolution(0.5, resize, (48, 192)) == pytest.approx(1.0)
    assert resolution(None, resize, (96, 96)) is None


def test_resolution_in_words() -> None:
    assert resolution_check(0.25, 0.23).verdict == "alike"
    assert "4.0 times larger" in resolution_check(1.0, 0.25).sentence
    assert "2.0 times smaller" in resolution_check(0.5, 1.0).sentence
    assert "training data do not say it" in resolution_check(None, 1.0).sentence
    assert "these data do not say it" in resolution_check(1.0, None).sentence


def test_shared_patches_are_counted() -> None:
    seen = frozenset([b"a", b"b"])
    assert shared_check(seen, [b"c"]).verdict == "alike"
    assert "1 of 3 patches is" in shared_check(seen, [b"a", b"c", b"d"]).sentence
    assert shared_check(None, [b"a"]).verdict == "unknown"


def test_stains_a_standard_deviation_apart_differ() -> None:
    reference = StainProfile((0.3, 0.2, 0.1), (0.1, 0.1, 0.1), 50)
    near = stain_shift(reference, StainProfile((0.39, 0.2, 0.1), (0.3, 0.3, 0.3), 50))
    assert near.verdict == "alike"
    assert near.distances == pytest.approx((0.9, 0, 0))
    far = stain_shift(reference, StainProfile((0.3, 0.05, 0.1), (0.1, 0.1, 0.1), 50))
    assert far.sentence.startswith("Stain: differs: eosin is weaker (0.05 against 0.20, 1.5 SD)")
    assert stain_shift(reference, None).verdict == "unknown"


def test_a_runs_network_is_written_as_onnx_into_its_folder(trained: tuple[Workspace, str]) -> None:
    workspace, run_id = trained
    told: list[tuple[int, int]] = []
    write_onnx(OnnxParams(run_id=run_id), workspace, lambda *step: told.append(step))
    session = InferenceSession(onnx_path(run_id, workspace))
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["licence"].startswith("Phantom")
    dataset = open_dataset(OTHER, workspace)
    predictor = Predictor.from_run(workspace.run_folder(run_id), "cpu")
    images = dataset.read(np.arange(4))
    found = session.run(["probabilities"], {"images": predictor.preprocess(images).numpy()})[0]
    np.testing.assert_allclose(found, predictor.probabilities(images), atol=1e-5)
    assert told == [(0, 1), (1, 1)]


def test_training_leaves_curves_for_tensorboard(trained: tuple[Workspace, str]) -> None:
    workspace, run_id = trained
    found = EventAccumulator(str(workspace.run_folder(run_id) / "tensorboard")).Reload()
    assert {"loss/train", "loss/valid", "images_per_second"} <= set(found.Tags()["scalars"])
    assert len(found.Scalars("loss/valid")) == 1
