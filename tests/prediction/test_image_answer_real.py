"""Real images against the training patches of PatchCamelyon: other sets and stains, blurred, enlarged, large."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, SplitConfig
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.inference.predictor import Predictor
from histo_core.models.registry import build_network
from histo_core.prediction.doubts import pixel_doubts, size_doubt
from histo_core.prediction.image_answer import answer_image
from histo_core.prediction.preflight import Trained
from histo_core.prediction.training_look import TrainingLook, measure_look, measure_patches
from histo_core.workspace import Workspace

PREPROCESS = PreprocessConfig(crop=None)


@pytest.fixture(scope="module")
def look(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingLook:
    """What 512 training patches of PatchCamelyon look like."""
    workspace = Workspace(tmp_path_factory.mktemp("real") / "home", extra_roots=(shared_data,))
    source = open_dataset(DataConfig(dataset="folder", root=str(shared_data / "pcam_jpeg")), workspace)
    split = make_split(source, SplitConfig(), workspace)
    found = measure_look(Trained(None, source, split), Preprocess(PREPROCESS))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """A network that was not trained: only which tiles are doubted is of interest."""
    torch.manual_seed(0)
    config = ModelConfig(name="cnn_narrow")
    network = build_network(config, 2, (96, 96)).eval()
    return Predictor(
        network, Preprocess(PREPROCESS), ("normal", "tumor"), "tumor", config, torch.device("cpu"), input_size=(96, 96)
    )


def images(folder: Path, pattern: str, most: int) -> list[np.ndarray]:
    files = sorted(folder.glob(pattern))
    chosen = np.random.default_rng(0).permutation(len(files))[:most]
    return [np.asarray(Image.open(files[number]).convert("RGB")) for number in chosen]


def doubted(look: TrainingLook, patches: list[np.ndarray], kind: str = "") -> float:
    """The share of patches that are doubted, for one reason or any."""
    found = [pixel_doubts(look, measure_patches(patch[None])[0]) for patch in patches]
    return float(np.mean([any(kind in ("", doubt.kind) for doubt in doubts) for doubts in found]))


def test_few_patches_of_the_same_source_are_doubted(look: TrainingLook, shared_data: Path) -> None:
    """Measured on all of them: 9% of PatchCamelyon's test set, 4% of Kaggle's copy."""
    assert doubted(look, images(shared_data / "pcam_jpeg", "test/*/*.jpg", 200)) <= 0.15
    assert doubted(look, images(shared_data / "kpcam", "train/*.tif", 200)) <= 0.10


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [("idc", "*/1/*.png"), ("breakhis_224", "**/*.png"), ("nct_crc_he", "*/*.tif"), ("kather_2016", "*/*.tif")],
)
def test_images_of_other_data_sets_are_doubted(
    look: TrainingLook, shared_data: Path, folder: str, pattern: str
) -> None:
    found = images(shared_data / folder, pattern, 40)
    assert all(size_doubt(look, *image.shape[:2]) is not None for image in found)
    if folder != "idc":  # of the same pixel size and sharpness, and haematoxylin and eosin, too
        assert doubted(look, found) >= 0.85


def _blurred(patch: np.ndarray) -> np.ndarray:
    return gaussian_filter(patch.astype(float), (2, 2, 0)).round().astype(np.uint8)


def _enlarged(patch: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(patch).resize((192, 192), Image.Resampling.BICUBIC))[:96, :96]


def _grey(patch: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(Image.fromarray(patch).convert("L"))[..., None], 3, axis=2)


def _green(patch: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(patch[..., [1, 0, 2]])


@pytest.mark.parametrize(
    ("change", "kind"), [(_blurred, "blurred"), (_enlarged, "blurred"), (_grey, "stain"), (_green, "stain")]
)
def test_changed_patches_are_doubted_for_the_right_reason(
    look: TrainingLook, shared_data: Path, change: Callable[[np.ndarray], np.ndarray], kind: str
) -> None:
    patches = images(shared_data / "pcam_jpeg", "test/*/*.jpg", 100)
    assert doubted(look, [change(patch) for patch in patches], kind) >= 0.9
    assert doubted(look, patches, kind) <= 0.12


def test_tissue_of_1024_pixels_is_answered_by_tiles(
    look: TrainingLook, shared_data: Path, predictor: Predictor
) -> None:
    patches = images(shared_data / "pcam_jpeg", "test/*/*.jpg", 121)
    image = np.concatenate([np.concatenate(patches[row : row + 11], axis=1) for row in range(0, 121, 11)])[:1024, :1024]
    found = answer_image(predictor, image, look)
    assert (len(found.corners), found.doubtful) == (121, False)
    assert found.sentence.startswith("Cut into 121 tiles of 96 x 96 pixels. The model says ")
    for change in (_blurred, _grey, _green, lambda one: np.full_like(one, 255)):
        odd = answer_image(predictor, change(image), look)
        assert odd.doubtful
        assert odd.sentence.startswith("Doubtful: ")
        assert odd.reasons


def test_a_microscope_image_of_another_laboratory_is_doubted(
    look: TrainingLook, shared_data: Path, predictor: Predictor
) -> None:
    """Before, such an upload got "tumor (73%)" without a word."""
    (image, *_) = images(shared_data / "breakhis_full", "**/*.png", 1)
    found = answer_image(predictor, image, look)
    assert found.tiled
    assert found.doubtful
    assert {doubt.kind for doubts in found.tile_doubts for doubt in doubts} >= {"blurred"}
