"""Class folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig, Option
from histo_core.data.dataset import Dataset
from histo_core.data.label_mapping import under_classes
from histo_core.data.opening import open_dataset
from histo_core.data.subset import Subset
from histo_core.errors import BrokenFilesError, ConfigError, CorruptDataError, DataNotFoundError, HistoscopeError
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
    for names in (("Train", "val", "test"), ("TRAINING", "Validation", "Testing"), ("train", "valid", "TEST")):
        root = tmp_path / names[0]
        for split_set in names:
            shutil.copytree(class_folder, root / split_set)
        dataset = open_folder(root, workspace)
        assert dataset.classes == ("benign", "malignant")
        assert dataset.table["split"].value_counts().to_dict() == {"train": 6, "valid": 6, "test": 6}
    assert dataset.table["sample_id"].is_unique


def test_sizes_may_differ(class_folder: Path, workspace: Workspace) -> None:
    Image.new("RGB", (40, 20)).save(class_folder / "benign" / "wide.jpg")
    dataset = open_folder(class_folder, workspace)
    assert sorted({image.shape for image in dataset.read(range(7))}) == [(20, 40, 3), (96, 96, 3)]


def test_links_to_files_inside_the_folder_are_followed(class_folder: Path, workspace: Workspace) -> None:
    (class_folder / "benign" / "again.png").symlink_to(class_folder / "malignant" / "p4.png")
    assert len(open_folder(class_folder, workspace)) == 7


def keep_one_class(root: Path) -> None:
    shutil.rmtree(root / "benign")


def mix_sets_and_classes(root: Path) -> None:
    shutil.copytree(root / "benign", root / "train" / "benign")


def empty_one_class(root: Path) -> None:
    keep_one_class(root)
    (root / "benign").mkdir()


def no_class_folders(root: Path) -> None:
    shutil.rmtree(root / "benign")
    shutil.rmtree(root / "malignant")


def empty_set(root: Path) -> None:
    no_class_folders(root)
    (root / "train").mkdir()


def no_images(root: Path) -> None:
    for image in root.glob("*/*.png"):
        image.unlink()


@pytest.mark.parametrize(
    ("damage", "error", "found"),
    [
        (shutil.rmtree, DataNotFoundError, "There is no"),
        (no_class_folders, DataNotFoundError, "holds no class folders"),
        (keep_one_class, CorruptDataError, "class folder 'malignant' only"),
        (empty_one_class, BrokenFilesError, "benign: is a class folder without images.*'malignant' alone is left"),
        (mix_sets_and_classes, CorruptDataError, "mixes the set 'train' with 'benign', 'malignant'"),
        (empty_set, BrokenFilesError, "train: holds no class folders.*right folder"),
        (no_images, BrokenFilesError, "benign: is a class folder without images.*right folder"),
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


def test_all_that_cannot_be_used_is_named_and_the_rest_opens(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = class_folder.parent / "outside"
    shutil.copytree(class_folder / "benign", outside)
    (class_folder / "benign" / "linked.png").symlink_to(outside / "p0.png")
    (class_folder / "benign" / "back").symlink_to(class_folder)
    (class_folder / "benign" / "p0.png").rename(class_folder / "benign" / "\udcff.png")
    (class_folder / "other").symlink_to(outside)
    (class_folder / "unsure").mkdir()
    (class_folder / "locked").mkdir()
    forbid(class_folder / "locked", monkeypatch)
    with pytest.raises(BrokenFilesError) as caught:
        open_folder(class_folder, workspace)
    assert dict(caught.value.problems) == {
        "benign/linked.png": "is a link that leads out of the data set's folder",
        "benign/back": "is a link to a folder, and links are followed to files only",
        "benign/\\xff.png": "has a name that is not UTF-8",
        "other": "is a link that leads out of the data set's folder",
        "unsure": "is a class folder without images (PNG, JPEG, TIFF, BMP or WebP)",
        "locked": "cannot be listed (Permission denied)",
    }
    assert len(caught.value.problems) == 6
    config = DataConfig(dataset="folder", root=str(class_folder), skip_broken=True)
    rest = open_dataset(config, workspace)
    assert rest.classes == ("benign", "malignant")
    assert len(rest) == 5


def test_images_that_no_class_takes_are_counted(class_folder: Path, workspace: Workspace) -> None:
    Image.new("RGB", (9, 9)).save(class_folder / "benign" / "x.gif")
    Image.new("RGB", (9, 9)).save(class_folder / "loose.png")
    sets = class_folder.with_name("sets")
    shutil.copytree(class_folder, sets / "train")
    for root, below, name in ((class_folder, "", "mine"), (sets, "train/", "train")):
        with pytest.raises(BrokenFilesError) as caught:
            open_folder(root, workspace)
        assert dict(caught.value.problems) == {
            name: f"holds 1 image beside the {'class ' if below else ''}folders, not used",
            f"{below}benign": "holds 1 image of a kind that is not read here (.gif)",
        }


def forbid(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder not be listed; its mode would not keep root out, who may run these tests."""
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("histo_core.data.formats.walk.os.scandir", refuse)


def test_a_root_that_may_not_be_read_is_refused(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid(class_folder, monkeypatch)
    with pytest.raises(DataNotFoundError, match=r"mine cannot be listed \(Permission denied\)"):
        open_folder(class_folder, workspace)


NAMES = (
    "two words.png",
    'it\'s "quoted".png',
    "größe_肿瘤_🔬.png",
    "<script>alert(1)<script>.png",
    "=1+1.png",
    "a" * 251 + ".png",
    "line\nbreak.png",
    "..png.png",
    "UPPER.PNG",
)


def test_names_are_only_text(class_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    for name in NAMES:
        Image.fromarray(pixels[6]).save(class_folder / "benign" / name, "PNG")
    shutil.copytree(class_folder / "benign", class_folder / "<b>it's a class")
    dataset = open_folder(class_folder, workspace)
    shown = [name for name in NAMES if not name.startswith(".")]
    assert set(dataset.table["sample_id"]) >= {f"benign/{name}" for name in shown}
    assert dataset.classes == ("<b>it's a class", "benign", "malignant")
    row = int(np.flatnonzero(dataset.table["sample_id"] == f"benign/{NAMES[2]}")[0])
    np.testing.assert_array_equal(dataset.read([row])[0], pixels[6])


def test_images_may_lie_below_their_class_folder(class_folder: Path, workspace: Workspace) -> None:
    for patient in ("benign/P1", "benign/P2", "malignant/P3"):
        (class_folder / patient).mkdir()
        for number in range(3):
            Image.new("RGB", (9, 9)).save(class_folder / patient / f"{number}.png")
    for image in class_folder.glob("*/*.png"):
        image.unlink()
    dataset = open_folder(class_folder, workspace, patient_pattern="^[^/]+/([^/]+)/")
    assert dataset.table.groupby("patient_id").size().to_dict() == {"P1": 3, "P2": 3, "P3": 3}
    assert dataset.table.groupby("patient_id")["label"].first().to_dict() == {"P1": 0, "P2": 0, "P3": 1}


def test_a_name_without_patient_is_named(class_folder: Path, workspace: Workspace) -> None:
    Image.new("RGB", (96, 96)).save(class_folder / "benign" / "q7.png")
    with pytest.raises(BrokenFilesError, match=r"1 sample .* benign/q7\.png: has no patient") as caught:
        open_folder(class_folder, workspace, patient_pattern=r"/p(?P<patient>\d)")
    assert len(caught.value.problems) == 1
    (class_folder / "benign" / "q7.png").unlink()
    table = open_folder(class_folder, workspace, patient_pattern=r"/p(?P<patient>\d)").table
    assert table["patient_id"].tolist() == ["0", "1", "2", "3", "4", "5"]
    with pytest.raises(ConfigError, match="has no group"):
        open_folder(class_folder, workspace, patient_pattern="p.")
    with pytest.raises(BrokenFilesError, match=r"6 samples.*right folder"):
        open_folder(class_folder, workspace, patient_pattern="/q(.)")


def test_what_is_not_read_is_named(class_folder: Path, workspace: Workspace) -> None:
    for name in ("benign/x.csv", "benign/deep/slides.zip", "malignant/Thumbs.db", "malignant/@eaDir/p3.png", "LICENSE"):
        (class_folder / name).parent.mkdir(exist_ok=True)
        (class_folder / name).write_bytes(b"x")
    dataset = open_folder(class_folder, workspace)
    assert len(dataset) == 6
    assert {kind.what: kind.names for kind in dataset.left_out.kinds} == {
        ".csv files": ("benign/x.csv",),
        ".txt files": ("notes.txt",),
        ".zip files": ("benign/deep/slides.zip",),
        "files without a suffix": ("LICENSE",),
    }
    rest = Subset(dataset, np.arange(3))
    assert rest.left_out == dataset.left_out
    assert under_classes(dataset, dataset.classes, "benign").left_out == dataset.left_out


def test_folders_as_unpacking_leaves_them_are_looked_through(
    class_folder: Path, tmp_path: Path, workspace: Workspace
) -> None:
    twice, sets, within = tmp_path / "Kather", tmp_path / "archive" / "chest", tmp_path / "within"
    shutil.copytree(class_folder, twice / "kather" / "Kather")
    for split_set in ("train", "test"):
        shutil.copytree(class_folder, sets / split_set)
        shutil.copytree(class_folder, within / split_set / split_set)
    assert open_folder(twice, workspace).table["sample_id"].iloc[0] == "kather/Kather/benign/p0.png"
    for root in (sets, sets.parent, within):
        dataset = open_folder(root, workspace)
        assert dataset.classes == ("benign", "malignant")
        assert dataset.table["split"].value_counts().to_dict() == {"train": 6, "test": 6}
    lone = tmp_path / "lone"  # one class of two patients is not two classes
    shutil.copytree(class_folder, lone / "benign")
    with pytest.raises(CorruptDataError, match="class folder 'benign' only"):
        open_folder(lone, workspace)


@pytest.mark.parametrize("other", ["Benign", "benign ", "benigns", "BENIGN"])
def test_classes_that_look_like_one_spelled_twice_are_refused(
    other: str, class_folder: Path, workspace: Workspace
) -> None:
    shutil.copytree(class_folder / "malignant", class_folder / "test" / other)
    (class_folder / "train").mkdir()
    for name in ("benign", "malignant"):
        (class_folder / name).rename(class_folder / "train" / name)
    with pytest.raises(CorruptDataError) as caught:
        open_folder(class_folder, workspace)
    assert "look like one class spelled twice" in caught.value.found
    assert repr(other) in caught.value.found
    assert caught.value.remedy == (
        "Give both folders the same name, or put their images into one. If they are two classes, say so: Alike names "
        "are different classes (--option alike=true)."
    )
    assert len(open_folder(class_folder, workspace, alike=True).classes) == 3


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
