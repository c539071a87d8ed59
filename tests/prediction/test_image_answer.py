"""Images that a model was not made for: told from its training patches, cut into tiles, and doubted in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.errors import ConfigError, CorruptDataError
from histo_core.models.inference.predictor import Predictor
from histo_core.prediction.doubts import Doubt, pixel_doubts, resolution_doubt, size_doubt
from histo_core.prediction.image_answer import ImageAnswer, answer_image
from histo_core.prediction.preflight import Trained
from histo_core.prediction.training_look import (
    FEWEST,
    FILE,
    PatchLook,
    TrainingLook,
    measure_look,
    measure_patches,
    training_look,
)
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

OWN = DataConfig(dataset="phantom", options={"patches": 240, "patients": 12})
LOOK = TrainingLook(
    patches=500, typical=(96, 96), smallest=(96, 96), largest=(96, 96), resolution=1.0, blank=0.0,
    colour=(0.0, 0.0, 0.0), precision=((1.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 1.0)), farthest=3.0, palest=0.05,
    detail=(0.2, 0.8),
)  # fmt: skip
TISSUE = PatchLook(blank=False, background=0.1, saturation=0.2, colour=np.zeros(3), detail=0.5)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Run]:
    """A workspace with a finished run of seconds."""
    made = Workspace(tmp_path_factory.mktemp("images") / "home")
    prepare_dataset(OWN, made)
    config = RunConfig(
        data=OWN,
        preprocess=PreprocessConfig(crop=None),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig(epochs=1, batch_size=32, device="cpu", threads=1),
    )
    run = launch(config, made, start_supervisor=False)
    assert work(run.run_id, made) == 0
    return made, Store.open(made).get(run.run_id)


@pytest.fixture(scope="module")
def predictor(trained: tuple[Workspace, Run]) -> Predictor:
    workspace, run = trained
    return Predictor.from_run(workspace.run_folder(run.run_id), "cpu")


@pytest.fixture(scope="module")
def look(trained: tuple[Workspace, Run]) -> TrainingLook:
    workspace, run = trained
    found = training_look(run, workspace)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def held_out(trained: tuple[Workspace, Run]) -> np.ndarray:
    """Patches of patients that the run was not trained on, uint8 [n, 96, 96, 3]."""
    workspace, run = trained
    source = open_dataset(OWN, workspace)
    return np.asarray(source.read(make_split(source, run.config.split, workspace).indices("test")))


@pytest.fixture(scope="module")
def good(look: TrainingLook, held_out: np.ndarray) -> np.ndarray:
    """A patch that nothing speaks against."""
    return next(one for one in held_out if not pixel_doubts(look, measure_patches(one[None])[0]))


def blurred(image: np.ndarray, sigma: float = 2.0) -> np.ndarray:
    return gaussian_filter(image.astype(float), (sigma, sigma, 0)).round().astype(np.uint8)


def grey(image: np.ndarray) -> np.ndarray:
    return np.repeat(image.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2)


def other_stain(image: np.ndarray) -> np.ndarray:
    """Tissue as if it were stained green: what absorbs green absorbs red."""
    return np.ascontiguousarray(image[..., [1, 0, 2]])


def kinds(found: ImageAnswer) -> set[str]:
    return {doubt.kind for doubts in (found.doubts, *found.tile_doubts) for doubt in doubts}


def test_a_patch_of_another_patient_is_answered_without_doubt(
    predictor: Predictor, look: TrainingLook, good: np.ndarray
) -> None:
    found = answer_image(predictor, good, look, microns_per_pixel=look.resolution)
    assert (found.tiled, found.doubtful, found.reasons, found.notes) == (False, False, (), ())
    np.testing.assert_allclose(found.probabilities, predictor.probabilities([good]), rtol=1e-5)
    said = predictor.classes[int(found.probabilities[0].argmax())]
    assert found.sentence.startswith(f"The model says {said} (")
    unknown = answer_image(predictor, good, look)
    assert unknown.notes == ("Pixel size: not checked, because that of the image is not known.",)


def test_few_patches_of_other_patients_are_doubted(look: TrainingLook, held_out: np.ndarray) -> None:
    doubted = [bool(pixel_doubts(look, patch)) for patch in measure_patches(held_out)]
    assert np.mean(doubted) <= 0.15


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda image: np.full_like(image, 255), "blank"),
        (lambda image: np.full_like(image, 20), "blank"),
        (blurred, "blurred"),
        (lambda image: np.random.default_rng(0).integers(0, 256, image.shape, np.uint8), "grainy"),
        (other_stain, "stain"),
        (grey, "stain"),
        (lambda image: image[:64, :64], "size"),
    ],
    ids=["white", "black", "blurred", "noise", "another stain", "grey", "smaller"],
)
def test_an_unfit_image_is_doubted_and_its_answer_never_stands_alone(
    predictor: Predictor, look: TrainingLook, good: np.ndarray, change: Callable[[np.ndarray], np.ndarray], kind: str
) -> None:
    if kind == "size":
        predictor = Predictor(
            predictor.model, Preprocess(PreprocessConfig(crop=None, resize=96)), predictor.classes, predictor.positive,
            predictor.config, predictor.device, input_size=predictor.input_size,
        )  # fmt: skip
    found = answer_image(predictor, change(good), look)
    assert kind in kinds(found)
    assert found.doubtful
    assert found.sentence.startswith("Doubtful: this image does not look like what the model was trained on. ")
    assert found.sentence.endswith("which may mean nothing here.")
    assert found.reasons


def test_a_larger_image_is_cut_into_tiles_and_the_odd_ones_do_not_count(
    predictor: Predictor, look: TrainingLook, good: np.ndarray
) -> None:
    image = np.tile(good, (11, 11, 1))[:1024, :1024]
    image[:96, :192] = 255
    found = answer_image(predictor, image, look, microns_per_pixel=look.resolution)
    assert (len(found.corners), found.tile, found.size) == (121, (96, 96), (1024, 1024))
    assert found.corners.max(axis=0).tolist() == [928, 928]
    odd = np.flatnonzero(~found.fits)
    assert odd[:2].tolist() == [0, 1], "the blank ones; shifted ones at the edge may be odd, too"
    assert not found.doubtful
    assert found.sentence.startswith("Cut into 121 tiles of 96 x 96 pixels. The model says ")
    assert f"{len(odd)} tiles do not count" in found.sentence
    assert "Blank: 2 of 121 tiles." in found.reasons
    table = found.table()
    assert len(table) == 121
    assert table.loc[0, "doubts"] == "blank"
    row = table[(table["x"] == 192) & (table["y"] == 96)].iloc[0]
    one = answer_image(predictor, image[96:192, 192:288], look)
    np.testing.assert_allclose(row[["prob_normal", "prob_tumour"]].astype(float), one.probabilities[0], rtol=1e-4)
    counted = table.loc[found.fits, "predicted"].value_counts()
    said = ", ".join(f"{name} for {counted.get(name, 0):,}" for name in ("normal", "tumour"))
    assert f"The model says {said}." in found.sentence


@pytest.mark.parametrize("change", [other_stain, blurred, lambda image: np.full_like(image, 255)])
def test_a_large_image_of_which_too_much_is_odd_is_doubted(
    predictor: Predictor, look: TrainingLook, good: np.ndarray, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    found = answer_image(predictor, change(np.tile(good, (4, 3, 1))), look)
    assert found.tiled
    assert found.doubtful
    assert found.sentence.startswith(f"Doubtful: {(~found.fits).sum()} of 12 tiles of 96 x 96 pixels do not look like")


def test_what_a_crop_leaves_out_of_each_tile_is_said(
    predictor: Predictor, look: TrainingLook, good: np.ndarray
) -> None:
    cropped = Predictor(
        predictor.model, Preprocess(PreprocessConfig(crop=48, resize=96)), predictor.classes, predictor.positive,
        predictor.config,
    )  # fmt: skip
    said = "Of each tile the model sees the middle 48 x 48 pixels, 25% of its area."
    assert said in answer_image(cropped, np.tile(good, (2, 2, 1)), look).notes
    assert said not in answer_image(cropped, good, look).notes


def test_progress_counts_tiles(predictor: Predictor, look: TrainingLook, good: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    answer_image(predictor, np.tile(good, (10, 10, 1)), look, progress=lambda *step: told.append(step))
    assert told == [(64, 100), (100, 100)]


def test_what_no_network_can_take_is_refused(predictor: Predictor, look: TrainingLook, good: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="64 x 8 pixels"):
        answer_image(predictor, good[:64, :8], look)


@pytest.mark.parametrize(
    ("height", "width", "doubted"),
    [(96, 96, False), (105, 88, False), (107, 96, True), (96, 86, True), (50, 50, True)],
)
def test_a_size_within_a_tenth_is_not_doubted(height: int, width: int, doubted: bool) -> None:
    found = size_doubt(LOOK, height, width)
    assert (found is not None) == doubted
    if found is not None:
        assert found.sentence == f"Size: the image has {width} x {height} pixels; the training patches have 96 x 96."
    mixed = replace(LOOK, smallest=(48, 40), largest=(96, 120))
    assert size_doubt(mixed, 50, 50) is None
    far = size_doubt(mixed, 200, 50)
    assert far is not None
    assert far.expected == "the training patches have 40 x 48 to 120 x 96"


@pytest.mark.parametrize(("found", "doubted"), [(1.0, False), (1.09, False), (1.2, True), (0.5, True), (None, False)])
def test_a_known_pixel_size_is_compared(found: float | None, doubted: bool) -> None:
    assert (resolution_doubt(LOOK, found) is not None) == doubted
    assert resolution_doubt(replace(LOOK, resolution=None), found) is None


@pytest.mark.parametrize(
    ("patch", "kind"),
    [
        ({}, None),
        ({"colour": np.array([2.9, 0, 0])}, None),
        ({"colour": np.array([0, 1.6, 0])}, "stain"),  # 1.6 times the root of 4 is 3.2
        ({"saturation": 0.04}, "stain"),
        ({"colour": None, "saturation": 0.04}, None),
        ({"detail": 0.19}, "blurred"),
        ({"detail": 0.81}, "grainy"),
        ({"detail": None}, None),
        ({"blank": True, "detail": 0.01, "saturation": 0.0}, "blank"),
    ],
)
def test_pixels_are_compared_with_the_limits_of_the_training_set(patch: dict, kind: str | None) -> None:
    found = pixel_doubts(LOOK, replace(TISSUE, **patch))
    assert [doubt.kind for doubt in found] == ([] if kind is None else [kind])


def test_blank_images_are_nothing_unusual_where_the_training_set_has_many() -> None:
    bare = replace(TISSUE, blank=True)
    assert pixel_doubts(replace(LOOK, blank=0.05), bare) == ()
    assert [doubt.kind for doubt in pixel_doubts(None, bare)] == ["blank"]
    assert pixel_doubts(None, TISSUE) == ()


def test_too_few_training_patches_give_no_limits(trained: tuple[Workspace, Run]) -> None:
    workspace, run = trained
    source = open_dataset(OWN, workspace)
    split = make_split(source, run.config.split, workspace)
    split_sets = split.split_sets.copy()
    split_sets[split.indices("train")[FEWEST - 1 :]] = "valid"
    few = measure_look(Trained(None, source, replace(split, split_sets=split_sets)), Preprocess(run.config.preprocess))
    assert few is not None
    assert (few.patches, few.colour, few.detail) == (FEWEST - 1, None, None)
    assert pixel_doubts(few, replace(TISSUE, detail=0.0, saturation=0.0)) == ()


def test_the_look_is_kept_with_the_run_and_made_again_where_it_is_damaged(
    trained: tuple[Workspace, Run], look: TrainingLook, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run = trained
    file = workspace.run_folder(run.run_id) / FILE
    with monkeypatch.context() as patched:
        patched.setattr("histo_core.prediction.training_look.trained_on", None)
        assert training_look(run, workspace) == look
    file.write_text('{"patches": 3}')
    assert training_look(run, workspace) == look
    assert training_look(run, workspace) == look


def test_without_the_training_data_the_answer_says_what_was_not_checked(
    trained: tuple[Workspace, Run], predictor: Predictor, good: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, run = trained
    (workspace.run_folder(run.run_id) / FILE).unlink(missing_ok=True)

    def gone(data: DataConfig, workspace: Workspace) -> None:
        raise CorruptDataError("gone")

    monkeypatch.setattr("histo_core.prediction.preflight.open_dataset", gone)
    assert training_look(run, workspace) is None
    found = answer_image(predictor, good, None)
    assert found.notes == ("The training patches can no longer be read, so the image could not be compared with them.",)
    assert not found.doubtful
    assert answer_image(predictor, np.full_like(good, 255), None).doubtful


def test_a_doubt_is_one_sentence() -> None:
    assert Doubt("stain", "it is green", "it should be pink").sentence == "Stain: it is green; it should be pink."
