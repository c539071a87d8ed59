"""Class folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig, Option
from histo_core.data.base import Dataset, open_dataset
from histo_core.errors import ConfigError, CorruptDataError, DataNotFoundError, HistoscopeError, UnsafeFileError
from histo_core.workspace import Workspace


def open_folder(root: Path, workspace: Workspace, **options: Option) -> Dataset:
    return open_dataset(DataConfig(dataset="folder", root=str(root), options=options), workspace)


def test_classes_are_the_folders_names(class_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    dataset = open_folder(class_folder, workspace)
    assert dataset.classes == ("benign", "malignant")
    assert dataset.positive == "malignant"
    assert dataset.table["sample_id"].iloc[0] == "benign/p0.png"
    assert dataset.table["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert "split" not in dataset.table
    np.testing.assert_array_equal(np.stack(dataset.read([5, 0])), pixels[[5, 0]])


def test_the_class_of_interest_can_be_chosen(class_folder: Path, workspace: Workspace) -> None:
    assert open_folder(class_folder, workspace, positive="benign").positive == "benign"
    with pytest.raises(ConfigError, match=r"'cancer' is no class.*Classes: benign, malignant"):
        open_folder(class_folder, workspace, positive="cancer")


def test_parts_may_stand_above_the_classes(class_folder: Path, tmp_path: Path, workspace: Workspace) -> None:
    for part in ("Train", "val", "test"):
        shutil.copytree(class_folder, tmp_path / "parts" / part)
    dataset = open_folder(tmp_path / "parts", workspace)
    assert dataset.classes == ("benign", "malignant")
    assert dataset.table["split"].value_counts().to_dict() == {"train": 6, "valid": 6, "test": 6}
    assert dataset.table["sample_id"].is_unique


def test_sizes_may_differ(class_folder: Path, workspace: Workspace) -> None:
    Image.new("RGB", (40, 20)).save(class_folder / "benign" / "wide.jpg")
    dataset = open_folder(class_folder, workspace)
    assert sorted({image.shape for image in dataset.read(range(7))}) == [(20, 40, 3), (96, 96, 3)]


def test_links_inside_the_folder_are_followed(class_folder: Path, workspace: Workspace) -> None:
    (class_folder / "benign" / "again.png").symlink_to(class_folder / "malignant" / "p4.png")
    assert len(open_folder(class_folder, workspace)) == 7


def link_image_out(root: Path) -> None:
    shutil.copy(root / "benign" / "p0.png", root.parent / "outside.png")
    (root / "benign" / "linked.png").symlink_to(root.parent / "outside.png")


def link_class_out(root: Path) -> None:
    shutil.copytree(root / "benign", root.parent / "outside")
    (root / "other").symlink_to(root.parent / "outside")


def empty_class(root: Path) -> None:
    (root / "unsure").mkdir()


def keep_one_class(root: Path) -> None:
    shutil.rmtree(root / "benign")


def mix_parts_and_classes(root: Path) -> None:
    shutil.copytree(root / "benign", root / "train" / "benign")


def no_class_folders(root: Path) -> None:
    shutil.rmtree(root / "benign")
    shutil.rmtree(root / "malignant")


def name_that_is_no_text(root: Path) -> None:
    (root / "benign" / "p0.png").rename(root / "benign" / "\udcff.png")


@pytest.mark.parametrize(
    ("damage", "error", "found"),
    [
        (shutil.rmtree, DataNotFoundError, "There is no"),
        (no_class_folders, DataNotFoundError, "holds no class folders"),
        (empty_class, DataNotFoundError, "unsure holds no images"),
        (keep_one_class, CorruptDataError, "class folder 'malignant' only"),
        (mix_parts_and_classes, CorruptDataError, "mixes the part 'train' with 'benign', 'malignant'"),
        (link_image_out, UnsafeFileError, "linked.png is a link that leads out"),
        (link_class_out, UnsafeFileError, "other is a link that leads out"),
        (name_that_is_no_text, CorruptDataError, r"the name b'\\xff\.png'"),
    ],
)
def test_bad_folders_are_refused_in_words(
    damage: Callable[[Path], object],
    error: type[HistoscopeError],
    found: str,
    class_folder: Path,
    workspace: Workspace,
) -> None:
    damage(class_folder)
    with pytest.raises(error, match=found) as caught:
        open_folder(class_folder, workspace)
    assert caught.value.remedy


def test_real_patches_open_with_their_published_split(shared_data: Path, workspace: Workspace) -> None:
    dataset = open_folder(shared_data / "pcam_jpeg", workspace, positive="tumor")
    assert dataset.table.groupby(["split", "label"]).size().to_dict() == {
        ("train", 0): 3000,
        ("train", 1): 3000,
        ("valid", 0): 500,
        ("valid", 1): 500,
        ("test", 0): 500,
        ("test", 1): 500,
    }
    assert {image.shape for image in dataset.read([0, 7999])} == {(96, 96, 3)}


def test_many_real_classes_open(shared_data: Path, workspace: Workspace) -> None:
    dataset = open_folder(shared_data / "nct_crc_he", workspace, positive="TUM")
    assert len(dataset.classes) == 9
    assert len(dataset) == 45
