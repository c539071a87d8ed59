"""The stored data set: what it says of itself, and that it is there whole or not at all."""

import errno
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skimage.color import rgb2hed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from histo_core.config import DataConfig
from histo_core.data.opening import open_dataset
from histo_core.data.phantom import dataset as module
from histo_core.data.phantom.cohort import PhantomOptions
from histo_core.data.phantom.dataset import Phantom, build_phantom, phantom_folder
from histo_core.errors import ConfigError, CorruptDataError, DataError
from histo_core.workspace import Workspace

SMALL = PhantomOptions(patches=80, patients=4)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Phantom:
    """1,200 patches of 40 patients."""
    return Phantom.open(None, PhantomOptions(patches=1200), Workspace(tmp_path_factory.mktemp("phantom")))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of 80 patches, drawn once; to be copied, not changed."""
    return build_phantom(SMALL, Workspace(tmp_path_factory.mktemp("small")))


@pytest.fixture
def folder(small: Path, workspace: Workspace) -> Path:
    """A copy of them in this test's workspace."""
    return shutil.copytree(small, phantom_folder(SMALL, workspace))


def test_labels_say_whether_the_central_box_holds_tumour(phantom: Phantom) -> None:
    masks = np.stack([phantom.mask(index) for index in range(len(phantom))])
    assert masks.shape == (1200, 96, 96)
    assert masks.dtype == bool
    np.testing.assert_array_equal(masks[:, 32:64, 32:64].any((1, 2)), phantom.table["label"] == 1)


def test_masks_are_as_hard_as_real_ones(phantom: Phantom) -> None:
    masks = np.stack([phantom.mask(index) for index in range(len(phantom))])
    positive = phantom.table["label"].to_numpy() == 1
    share = masks[:, 32:64, 32:64].mean((1, 2))[positive]
    assert masks[~positive].any((1, 2)).mean() > 0.1, "tumour around the box of negative patches"
    assert np.mean(share < 0.25) > 0.05, "tumour that barely reaches the box"


def test_the_table_names_patients_slides_and_scanners(phantom: Phantom) -> None:
    table = phantom.table
    assert phantom.classes == ("normal", "tumour")
    assert phantom.positive == "tumour"
    assert phantom.microns_per_pixel == pytest.approx(0.97)
    assert list(table) == ["sample_id", "label", "patient_id", "slide_id", "scanner", "x", "y", "grade"]
    assert table["label"].value_counts().to_dict() == {0: 600, 1: 600}
    assert table["patient_id"].nunique() == 40


def test_reading_keeps_the_order_asked_for(phantom: Phantom) -> None:
    images = phantom.read([3, 0, 3])
    assert images.shape == (3, 96, 96, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], images[2])
    np.testing.assert_array_equal(images[1], phantom.read(np.array([0]))[0])
    images[:] = 0
    assert phantom.read([3])[0].any(), "what was read is a copy"


def test_colour_alone_does_not_tell_the_classes(phantom: Phantom) -> None:
    images, label = phantom.read(range(len(phantom)))[:, ::2, ::2], phantom.table["label"].to_numpy()
    channels = np.concatenate([images / 255.0, rgb2hed(images)], axis=3)
    low, high = np.quantile(channels[..., 3:], (0.001, 0.999), axis=(0, 1, 2))
    channels[..., 3:] = np.clip((channels[..., 3:] - low) / (high - low), 0, 1)
    bins = np.minimum((channels * 16).astype(int), 15)
    features = np.stack([np.bincount((patch + 16 * np.arange(6)).ravel(), minlength=96) / 48**2 for patch in bins])
    patients = pd.factorize(phantom.table["patient_id"])[0]
    held_out = patients % 4 == 0
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(features[~held_out], label[~held_out])
    auroc = roc_auc_score(label[held_out], model.predict_proba(features[held_out])[:, 1])
    assert auroc < 0.8


def test_grades_are_classes(workspace: Workspace) -> None:
    config = DataConfig(dataset="phantom", options={"patches": 100, "patients": 5, "grades": True})
    graded = open_dataset(config, workspace)
    assert graded.classes == ("normal", "grade 1", "grade 2", "grade 3", "grade 4")
    assert graded.table["label"].value_counts().to_dict() == dict.fromkeys(range(5), 20)
    np.testing.assert_array_equal(graded.table["label"], graded.table["grade"])


def test_the_same_options_give_the_same_bytes(small: Path, workspace: Workspace) -> None:
    first, second = Phantom(small), Phantom.open(None, SMALL, workspace)
    assert first.content_hash == second.content_hash
    for name in ("images.npy", "masks.npy"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes()
    pd.testing.assert_frame_equal(first.table, second.table)


def test_another_seed_is_another_data_set(small: Path, workspace: Workspace) -> None:
    first, second = Phantom(small), Phantom.open(None, SMALL.model_copy(update={"seed": 1}), workspace)
    assert first.folder.name != second.folder.name
    assert first.content_hash != second.content_hash
    assert not np.array_equal(first.read([0]), second.read([0]))


def test_it_is_drawn_once_with_progress(workspace: Workspace) -> None:
    steps: list[tuple[int, int]] = []
    folder = build_phantom(SMALL, workspace, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 80), (64, 80), (80, 80)]
    assert build_phantom(SMALL, workspace, progress=lambda *_: pytest.fail("drawn again")) == folder


def test_a_cancel_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(DataError, match="cancelled after 64 of 80 patches"):
        build_phantom(SMALL, workspace, cancelled=lambda: True)
    assert list(workspace.data.iterdir()) == []


def test_a_full_disk_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module._ArrayFile, "append", fail)
    with pytest.raises(DataError, match="No space left on device"):
        build_phantom(SMALL, workspace)
    assert list(workspace.data.iterdir()) == []


@pytest.mark.parametrize("name", ["images.npy", "masks.npy", "table.parquet", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_file_is_noticed(folder: Path, workspace: Workspace, name: str, damage: str) -> None:
    file = folder / name
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    else:
        file.unlink()
    with pytest.raises(CorruptDataError, match=f"{name}.*Delete the folder"):
        Phantom.open(None, SMALL, workspace)


@pytest.mark.parametrize("options", [None, {"patients": "many"}, 3])
def test_damaged_options_are_noticed(folder: Path, workspace: Workspace, options: object) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"options": options}))
    with pytest.raises(CorruptDataError, match=r"manifest\.json is not as it was written.*Delete the folder"):
        Phantom.open(None, SMALL, workspace)


def test_a_changed_table_is_noticed(folder: Path, workspace: Workspace) -> None:
    file = folder / "table.parquet"
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    with pytest.raises(CorruptDataError, match="not as it was written"):
        Phantom.open(None, SMALL, workspace)


def test_impossible_options_are_refused(workspace: Workspace) -> None:
    config = DataConfig(dataset="phantom", options={"patches": 50, "patients": 60})
    with pytest.raises(ConfigError, match="60 patients need at least as many patches, not 50"):
        open_dataset(config, workspace)


def test_many_that_want_the_same_wait_for_the_one_that_draws(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, drawn = module._draw_all, []
    monkeypatch.setattr(module, "_draw_all", lambda *given: drawn.append(plain(*given)))
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: build_phantom(SMALL, workspace), range(4)))
    assert folders == {phantom_folder(SMALL, workspace)}
    assert len(drawn) == 1
