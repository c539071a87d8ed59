"""Kaggle PCam from its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.dataset import UNLABELLED, Dataset
from histo_core.data.opening import open_dataset
from histo_core.errors import BrokenFilesError, ConfigError, CorruptDataError, DataNotFoundError, HistoscopeError
from histo_core.workspace import Workspace


def open_kpcam(root: Path, workspace: Workspace) -> Dataset:
    return open_dataset(DataConfig(dataset="kpcam", root=str(root)), workspace)


def test_labels_and_pixels_belong_together(kpcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    dataset = open_kpcam(kpcam_folder, workspace)
    assert dataset.classes == ("normal", "tumour")
    assert dataset.positive == "tumour"
    assert dataset.microns_per_pixel == 0.972
    assert dataset.table["sample_id"].tolist() == [f"p{row}" for row in range(6)]
    assert dataset.table["label"].tolist() == [0, 1, 0, 1, 0, 1]
    np.testing.assert_array_equal(np.stack(dataset.read([4, 1])), pixels[[4, 1]])


def test_files_that_the_csv_does_not_name_have_no_label(kpcam_folder: Path, workspace: Workspace) -> None:
    shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / "train" / "p9.tif")
    table = open_kpcam(kpcam_folder, workspace).table
    assert table.set_index("sample_id")["label"]["p9"] == UNLABELLED
    assert table["label"].dtype == np.int64


def test_a_changed_image_or_label_is_a_changed_data_set(kpcam_folder: Path, workspace: Workspace) -> None:
    first = open_kpcam(kpcam_folder, workspace).content_hash
    assert open_kpcam(kpcam_folder, workspace).content_hash == first
    image, labels = kpcam_folder / "train" / "p3.tif", kpcam_folder / "train_labels.csv"
    content = image.read_bytes()
    image.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    changed = open_kpcam(kpcam_folder, workspace).content_hash
    labels.write_text(labels.read_text().replace("p3,1", "p3,0"))
    assert len({first, changed, open_kpcam(kpcam_folder, workspace).content_hash}) == 3


def without_label_column(root: Path) -> None:
    (root / "train_labels.csv").write_text("id,class\np0,1\n")


def without_files(root: Path) -> None:
    for image in (root / "train").iterdir():
        image.unlink()


@pytest.mark.parametrize(
    ("damage", "error", "found", "remedy"),
    [
        (shutil.rmtree, DataNotFoundError, "There is no", "Check the path"),
        (lambda root: shutil.rmtree(root / "train"), DataNotFoundError, "There is no .*train", "Check the path"),
        (lambda root: (root / "train_labels.csv").unlink(), DataNotFoundError, "train_labels.csv", "Check the path"),
        (without_label_column, CorruptDataError, "no column 'label'", "id, label are needed"),
        (lambda root: (root / "train_labels.csv").write_bytes(b""), CorruptDataError, "cannot be read", "Save it"),
        (lambda root: (root / "train_labels.csv").write_bytes(b"\xff\xfe\0"), CorruptDataError, "as CSV", "Save it"),
        (lambda root: (root / "train_labels.csv").write_text("id,label\n"), CorruptDataError, "no rows", "Check"),
        (without_files, DataNotFoundError, "train holds no images", "Check the folder"),
    ],
)
def test_bad_folders_are_refused_in_words(
    damage: Callable[[Path], object],
    error: type[HistoscopeError],
    found: str,
    remedy: str,
    kpcam_folder: Path,
    workspace: Workspace,
) -> None:
    damage(kpcam_folder)
    before = sorted(kpcam_folder.parent.rglob("*"))
    with pytest.raises(error, match=found) as caught:
        open_kpcam(kpcam_folder, workspace)
    assert remedy in caught.value.remedy
    assert sorted(kpcam_folder.parent.rglob("*")) == before


def test_all_rows_and_files_that_cannot_be_used_are_named(kpcam_folder: Path, workspace: Workspace) -> None:
    (kpcam_folder.parent / "secret.tif").write_bytes(b"")
    (kpcam_folder / "train" / "p9.tif").symlink_to(kpcam_folder.parent / "secret.tif")
    shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / "train" / "p0.TIF")
    (kpcam_folder / "train_labels.csv").write_text(
        "id,label\np0,0\np1,1\np2,2\np3,\np4,NaN\np5,1\np5,0\np8,1\n../secret,1\n"
    )
    with pytest.raises(BrokenFilesError, match="8 samples cannot be used") as caught:
        open_kpcam(kpcam_folder, workspace)
    assert dict(caught.value.problems) == {
        "p9.tif": "is a link that leads out of the data set's folder",
        "p0.tif": "has the id 'p0', which p0.TIF has already",
        "p2": "has the label '2'; labels are 0 and 1",
        "p3": "has the label ''; labels are 0 and 1",
        "p4": "has the label 'NaN'; labels are 0 and 1",
        "p5": "stands 2 times in train_labels.csv",
        "p8": "stands in train_labels.csv and has no file",
        "../secret": "stands in train_labels.csv and has no file",
    }
    config = DataConfig(dataset="kpcam", root=str(kpcam_folder), skip_broken=True)
    rest = open_dataset(config, workspace)
    assert rest.table.set_index("sample_id")["label"].to_dict() == {"p0": 0, "p1": 1}
    assert dict(rest.problems) == dict(caught.value.problems)


def test_the_test_folder_has_no_labels(kpcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    (kpcam_folder / "train").rename(kpcam_folder / "test")
    (kpcam_folder / "train_labels.csv").unlink()
    config = DataConfig(dataset="kpcam", root=str(kpcam_folder), options={"part": "test"})
    dataset = open_dataset(config, workspace)
    assert dataset.table["sample_id"].tolist() == [f"p{row}" for row in range(6)]
    assert dataset.table["label"].tolist() == [UNLABELLED] * 6
    assert dataset.classes == ("normal", "tumour")
    np.testing.assert_array_equal(dataset.read([3])[0], pixels[3])


def test_a_corrupt_image_is_named(kpcam_folder: Path, workspace: Workspace) -> None:
    image = kpcam_folder / "train" / "p2.tif"
    image.write_bytes(image.read_bytes()[:1000])
    dataset = open_kpcam(kpcam_folder, workspace)
    with pytest.raises(CorruptDataError, match=r"p2\.tif cannot be decoded .* Copy it again or remove it"):
        dataset.read([0, 1, 2])


def test_an_image_that_vanishes_is_named(kpcam_folder: Path, workspace: Workspace) -> None:
    dataset = open_kpcam(kpcam_folder, workspace)
    (kpcam_folder / "train" / "p2.tif").unlink()
    with pytest.raises(DataNotFoundError, match=r"p2\.tif cannot be opened"):
        dataset.read([2])
    with pytest.raises(DataNotFoundError, match=r"p2\.tif cannot be opened"):
        _ = dataset.content_hash


def write_labels(root: Path, *rows: str) -> None:
    (root / "train_labels.csv").write_text("\n".join(("id,label", *rows)) + "\n")


@pytest.mark.parametrize("suffix", [".tif", ".TIF", ".tiff", ".png", ".jpg", ".jpeg"])
def test_any_kind_of_image_is_read_and_ids_may_have_its_suffix(
    suffix: str, kpcam_folder: Path, workspace: Workspace
) -> None:
    ids = open_kpcam(kpcam_folder, workspace).table["sample_id"].tolist()
    for row in range(6):
        image = kpcam_folder / "train" / f"p{row}.tif"
        pixels = Image.open(image).convert("RGB")
        image.unlink()
        pixels.save(image.with_suffix(suffix))
    for cell in ("", suffix, ".tif"):
        write_labels(kpcam_folder, *(f"p{row}{cell},{row % 2}" for row in range(6)))
        dataset = open_kpcam(kpcam_folder, workspace)
        assert dataset.table["sample_id"].tolist() == ids
        assert dataset.table["label"].tolist() == [0, 1] * 3
        assert dataset.left_out.count == 0


def test_an_id_that_ends_like_a_suffix_is_that_file(kpcam_folder: Path, workspace: Workspace) -> None:
    shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / "train" / "p0.png.tif")
    write_labels(kpcam_folder, *(f"p{row},0" for row in range(6)), "p0.png,1")
    assert open_kpcam(kpcam_folder, workspace).table.set_index("sample_id")["label"]["p0.png"] == 1
    write_labels(kpcam_folder, "p0,0", "p0.tif,0", "p1,1")
    with pytest.raises(BrokenFilesError, match=r"p0: stands 2 times in train_labels\.csv"):
        open_kpcam(kpcam_folder, workspace)


def test_the_same_patch_as_two_kinds_of_image_is_named(kpcam_folder: Path, workspace: Workspace) -> None:
    shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / "train" / "p0.png")
    with pytest.raises(BrokenFilesError, match=r"p0\.tif: has the id 'p0', which p0\.png has already"):
        open_kpcam(kpcam_folder, workspace)


@pytest.mark.parametrize(("zero", "one"), [("0.0", "1.0"), ("False", "True"), ("FALSE", "true"), (" 0", "1e0 ")])
def test_labels_are_zero_and_one_however_they_are_written(
    zero: str, one: str, kpcam_folder: Path, workspace: Workspace
) -> None:
    write_labels(kpcam_folder, *(f"p{row},{(zero, one)[row % 2]}" for row in range(6)))
    assert open_kpcam(kpcam_folder, workspace).table["label"].tolist() == [0, 1] * 3


def test_where_no_row_can_be_used_all_rows_are_named(kpcam_folder: Path, workspace: Workspace) -> None:
    write_labels(kpcam_folder, *(f"p{row},{('normal', 'tumour')[row % 2]}" for row in range(6)))
    for skip in (False, True):
        config = DataConfig(dataset="kpcam", root=str(kpcam_folder), skip_broken=skip)
        with pytest.raises(BrokenFilesError, match=r"6 samples.*No patch is left: correct train_labels\.csv") as caught:
            open_dataset(config, workspace)
        assert caught.value.problems[0] == ("p0", "has the label 'normal'; labels are 0 and 1")


def nest_train(root: Path) -> Path:
    (root / "train").rename(root / "inner")
    (root / "train").mkdir()
    (root / "inner").rename(root / "train" / "train")
    return root


def capital_train(root: Path) -> Path:
    (root / "train").rename(root / "Training")
    return root


def labels_in_their_own_folder(root: Path) -> Path:
    (root / "train_labels.csv").rename(root / "inner")
    (root / "train_labels.csv").mkdir()
    (root / "inner").rename(root / "train_labels.csv" / "train_labels.csv")
    return root


def all_in_the_archives_folder(root: Path) -> Path:
    outer = root.with_name("outer")
    outer.mkdir()
    root.rename(outer / "histopathologic-cancer-detection")
    return outer


@pytest.mark.parametrize("place", [nest_train, capital_train, labels_in_their_own_folder, all_in_the_archives_folder])
def test_folders_as_unpacking_leaves_them_are_looked_through(
    place: Callable[[Path], Path], kpcam_folder: Path, workspace: Workspace
) -> None:
    (kpcam_folder / "test").mkdir()
    shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / "test" / "q0.tif")
    dataset = open_kpcam(place(kpcam_folder), workspace)
    assert dataset.table["sample_id"].tolist() == [f"p{row}" for row in range(6)]
    assert [(kind.what, kind.count) for kind in dataset.left_out.kinds] == [("images", 1)]
    assert dataset.left_out.kinds[0].names[0].endswith("test/q0.tif")


def test_folder_and_labels_may_be_links_to_another_disk(kpcam_folder: Path, workspace: Workspace) -> None:
    for name in ("train", "train_labels.csv"):
        (kpcam_folder / name).rename(kpcam_folder.parent / name)
        (kpcam_folder / name).symlink_to(kpcam_folder.parent / name)
    dataset = open_kpcam(kpcam_folder, workspace)
    assert len(dataset) == 6
    assert dataset.left_out.count == 0


def test_all_that_is_not_read_is_named(kpcam_folder: Path, workspace: Workspace) -> None:
    for name in ("train/p8.tif", "train/p9.tif", "train/deep/p7.tif", "test/q.tif", "extra.tif"):
        (kpcam_folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(kpcam_folder / "train" / "p0.tif", kpcam_folder / name)
    for name in ("sample_submission.csv", "train/list.txt", "train/Thumbs.db", "@eaDir"):
        (kpcam_folder / name).write_text("x")
    dataset = open_kpcam(kpcam_folder, workspace)
    assert {kind.what: kind.names for kind in dataset.left_out.kinds} == {
        "images": ("extra.tif", "test/q.tif", "train/deep/p7.tif"),
        "images without a row in train_labels.csv, which no split uses": ("train/p8.tif", "train/p9.tif"),
        ".csv files": ("sample_submission.csv",),
        ".txt files": ("train/list.txt",),
    }


def test_the_folder_argument_and_options_are_checked(kpcam_folder: Path, workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match=r"needs a folder.*train_labels\.csv"):
        open_dataset(DataConfig(dataset="kpcam"), workspace)
    with pytest.raises(ConfigError, match="zoom is not a known field"):
        open_dataset(DataConfig(dataset="kpcam", root=str(kpcam_folder), options={"zoom": 2}), workspace)


def test_real_patches_open(shared_data: Path, workspace: Workspace) -> None:
    dataset = open_kpcam(shared_data / "kpcam", workspace)
    assert len(dataset) == 600
    assert dataset.table["label"].value_counts().to_dict() == {0: 300, 1: 300}
    assert {image.shape for image in dataset.read(range(5))} == {(96, 96, 3)}


def test_the_real_test_folder_opens(shared_data: Path, workspace: Workspace) -> None:
    config = DataConfig(dataset="kpcam", root=str(shared_data / "kpcam"), options={"part": "test"})
    assert len(open_dataset(config, workspace)) == 30
