"""PCam from its HDF5 files."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config, DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.formats.images import open_image
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.sources import pcam_unpacked
from histo_core.data.sources.pcam import PCam
from histo_core.data.splits.make_split import make_split
from histo_core.errors import (
    BrokenFilesError,
    DataNotFoundError,
    HistoscopeError,
)
from histo_core.workspace import Workspace

STEM = "camelyonpatch_level_2_split_"


def open_pcam(root: Path, workspace: Workspace) -> Dataset:
    return open_dataset(DataConfig(dataset="pcam", root=str(root)), workspace)


def test_parts_follow_each_other(pcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    dataset = open_pcam(pcam_folder, workspace)
    table = dataset.table
    assert table["split"].tolist() == ["train"] * 8 + ["test"] * 4
    assert table["label"].tolist() == [0, 1] * 6
    assert table["sample_id"].iloc[[0, 8]].tolist() == ["train-000000", "test-000000"]
    assert dataset.microns_per_pixel == 0.972
    rows = [11, 0, 8, 7, 7]
    np.testing.assert_array_equal(dataset.read(rows), pixels[rows])


def test_metadata_add_slides_and_positions_but_no_patients(pcam_folder: Path, workspace: Workspace) -> None:
    table = open_pcam(pcam_folder, workspace).table
    assert table["slide_id"].iloc[:8].tolist() == ["w0"] * 4 + ["w1"] * 4
    assert table["slide_id"].iloc[8:].isna().all()
    assert table.loc[3, ["x", "y"]].tolist() == [103, 3]
    assert "patient_id" not in table


def test_a_changed_pixel_or_label_is_a_changed_data_set(pcam_folder: Path, workspace: Workspace) -> None:
    hashes = [open_pcam(pcam_folder, workspace).content_hash]
    for what, row in (("x", (3, 5, 5, 0)), ("y", (3, 0, 0, 0))):
        with h5py.File(pcam_folder / f"{STEM}train_{what}.h5", "r+") as file:
            file[what][row] = file[what][row] ^ 1
        hashes.append(open_pcam(pcam_folder, workspace).content_hash)
    assert len(set(hashes)) == 3


def test_one_set_is_enough(pcam_folder: Path, workspace: Workspace) -> None:
    for file in pcam_folder.glob("*test*"):
        file.unlink()
    assert set(open_pcam(pcam_folder, workspace).table["split"]) == {"train"}


def rewrite(root: Path, what: str, values: np.ndarray) -> None:
    with h5py.File(root / f"{STEM}train_{what}.h5", "w") as file:
        file[what] = values


def link_to_other_labels(root: Path) -> None:
    with h5py.File(root / f"{STEM}train_y.h5", "w") as file:
        file["y"] = h5py.ExternalLink(f"{STEM}test_y.h5", "y")


def no_label(root: Path) -> None:
    rewrite(root, "y", np.full((8, 1, 1, 1), 7, np.uint8))
    for file in root.glob("*_test_*"):
        file.unlink()


def short_meta(root: Path) -> None:
    (root / f"{STEM}train_meta.csv").write_text("coord_x,coord_y,wsi\n1,2,w0\n")


def linked_out(root: Path) -> None:
    file = root / f"{STEM}train_x.h5"
    file.unlink()
    file.symlink_to("/etc/hostname")


def pack(root: Path, *names: str) -> list[Path]:
    packed = []
    for name in names:
        file = root / f"{STEM}{name}"
        packed.append(file.with_name(f"{file.name}.gz"))
        packed[-1].write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    return packed


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("damage", "error", "found"),
    [
        (shutil.rmtree, DataNotFoundError, "There is no"),
        (lambda root: [file.unlink() for file in root.iterdir()], DataNotFoundError, "holds no set of PCam"),
        (no_label, BrokenFilesError, "8 samples cannot be used: train-000000: has the label 7"),
        (linked_out, HistoscopeError, "outside the folders"),
    ],
)
def test_bad_folders_are_refused_in_words(
    damage: Callable[[Path], object],
    error: type[HistoscopeError],
    found: str,
    pcam_folder: Path,
    workspace: Workspace,
) -> None:
    damage(pcam_folder)
    before = sorted(pcam_folder.parent.rglob("*"))
    with pytest.raises(error, match=found) as caught:
        open_pcam(pcam_folder, workspace)
    assert caught.value.remedy
    assert sorted(pcam_folder.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lambda root: (root / f"{STEM}train_y.h5").unlink(), ["There is no .*train_y.h5"]),
        (lambda root: (root / f"{STEM}train_x.h5").unlink(), ["There is no .*train_x.h5"]),
        (
            lambda root: rewrite(root, "y", np.zeros((7, 1, 1, 1), np.uint8)),
            ["train_x.h5 holds 8 patches and .*train_y.h5 7 labels"],
        ),
        (lambda root: rewrite(root, "x", np.zeros((8, 96, 96), np.uint8)), [r"uint8 \[8, 96, 96\]"]),
        (link_to_other_labels, ["'y' in .*train_y.h5 is a link"]),
        (short_meta, ["1 rows for 8 patches"]),
        (lambda root: cut(pack(root, "train_x.h5")[0]), [r"train_x\.h5\.gz is cut short"]),
        (
            lambda root: [cut(root / f"{STEM}train_{what}.h5") for what in "xy"],
            ["train_x.h5 cannot", "train_y.h5 cannot"],
        ),
        (
            lambda root: [cut(file) for file in pack(root, "train_x.h5", "train_y.h5")],
            ["train_x.h5.gz", "train_y.h5.gz"],
        ),
    ],
)
def test_a_set_that_cannot_be_used_is_named_and_the_others_open_on_demand(
    damage: Callable[[Path], object], found: list[str], pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    damage(pcam_folder)
    with pytest.raises(BrokenFilesError) as caught:
        open_pcam(pcam_folder, workspace)
    assert len(caught.value.problems) == len(found)
    for (where, what), expected in zip(caught.value.problems, found, strict=True):
        assert where == f"{STEM}train_*"
        assert re.search(expected, what)
    rest = open_dataset(DataConfig(dataset="pcam", root=str(pcam_folder), skip_broken=True), workspace)
    assert rest.table["sample_id"].tolist() == [f"test-{row:06d}" for row in range(4)]
    np.testing.assert_array_equal(rest.read(range(4)), pixels[8:])
    assert not list(workspace.data.rglob("*train_x.h5"))  # no half of a packed file


def test_wrong_cells_of_the_metadata_are_named_row_by_row(pcam_folder: Path, workspace: Workspace) -> None:
    write_meta(
        pcam_folder, coord_x=[1, "left", *"345678"], center_tumor_patch=["0", "1", "0", "yes", "0", "1", "1", ""]
    )
    dataset, file = PCam.open(pcam_folder, Config(), workspace), f"{STEM}train_meta.csv"
    assert dataset.problems == (
        ("train-000001", f"has the coord_x 'left' in {file}, not a number"),
        ("train-000003", f"has the center_tumor_patch 'yes' in {file}, not True or False"),
        ("train-000006", f"has the label 0 in {STEM}train_y.h5, but center_tumor_patch True in {file}"),
    )
    assert dataset.table["x"].tolist()[:5] == [1, 3, 5, 6, 8]


def test_wrong_labels_are_all_named_and_left_out_on_demand(
    pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    rewrite(pcam_folder, "y", np.array([0, 1, 7, 1, np.nan, 1, -1, 1], np.float32).reshape(-1, 1, 1, 1))
    with pytest.raises(BrokenFilesError) as caught:
        open_pcam(pcam_folder, workspace)
    assert caught.value.problems == tuple(
        (f"train-{row:06d}", f"has the label {label} in {STEM}train_y.h5, not 0 or 1")
        for row, label in ((2, "7"), (4, "nan"), (6, "-1"))
    )
    dataset = PCam.open(pcam_folder, Config(), workspace)
    assert dataset.table["sample_id"].tolist() == [f"train-{row:06d}" for row in (0, 1, 3, 5, 7)] + [
        f"test-{row:06d}" for row in range(4)
    ]
    assert dataset.table["label"].tolist() == [0, 1, 1, 1, 1, 0, 1, 0, 1]
    np.testing.assert_array_equal(dataset.read([4, 5, 2]), pixels[[7, 8, 3]])


def write_meta(root: Path, **columns: object) -> None:
    rows = {"coord_y": [0.5] * 8, "coord_x": [1] * 8, "wsi": ["camelyon16_train_normal_001"] * 8, **columns}
    pd.DataFrame(rows).to_csv(root / f"{STEM}train_meta.csv")


def test_slide_names_are_taken_apart(pcam_folder: Path, workspace: Workspace) -> None:
    names = ["camelyon16_train_normal_033", "camelyon16_train_tumor_009", "camelyon16_test_121", "mine", ""]
    write_meta(pcam_folder, wsi=[*names, *names[:3]], tumor_patch=[True, False, None, *[True] * 5])
    table = open_pcam(pcam_folder, workspace).table
    missing = pd.isna(table.iloc[:5])
    assert table["slide_id"].tolist()[:4] == names[:4]
    assert missing["slide_id"].tolist() == [False] * 4 + [True]
    assert table["camelyon_split"].tolist()[:3] == ["train", "train", "test"]
    assert table["slide_type"].tolist()[:2] == ["normal", "tumor"]
    assert missing["slide_type"].tolist() == [False, False, True, True, True]
    assert table["slide_number"].tolist()[:3] == [33, 9, 121]
    assert missing["slide_number"].tolist() == [False, False, False, True, True]
    assert table["tumor_patch"].tolist()[:2] == [True, False]
    assert missing["tumor_patch"].tolist() == [False, False, True, False, False]
    assert table["x"].tolist()[:8] == [1.0] * 8
    assert table.iloc[8:][["slide_id", "camelyon_split", "slide_number", "tumor_patch", "x"]].isna().all(axis=None)


def test_labels_that_the_metadata_contradicts_are_named(pcam_folder: Path, workspace: Workspace) -> None:
    write_meta(pcam_folder, center_tumor_patch=[False, True, False, False, False, True, None, True])
    dataset = PCam.open(pcam_folder, Config(), workspace)
    said = f"has the label 1 in {STEM}train_y.h5, but center_tumor_patch False in {STEM}train_meta.csv"
    assert dataset.problems == (("train-000003", said),)
    assert len(dataset) == 11


def test_added_metadata_are_another_state(pcam_folder: Path, workspace: Workspace) -> None:
    before = open_pcam(pcam_folder, workspace).state
    write_meta(pcam_folder)
    assert open_pcam(pcam_folder, workspace).state != before


def test_packed_files_are_unpacked_once_into_the_workspace(
    pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    pack(pcam_folder, "train_x.h5", "train_y.h5", "test_y.h5", "train_meta.csv")
    config, steps = DataConfig(dataset="pcam", root=str(pcam_folder)), []
    prepare_dataset(config, workspace, lambda *step: steps.append(step))
    total = sum(file.stat().st_size for file in pcam_folder.glob("*.gz"))
    assert steps[-1] == (total, total)
    assert steps == sorted(steps)
    unpacked = {file: file.stat().st_mtime_ns for file in (workspace.data / "pcam").rglob("camelyon*")}
    assert len(unpacked) == 4
    dataset = open_dataset(config, workspace)
    np.testing.assert_array_equal(dataset.read(range(12)), pixels)
    assert dataset.table["slide_id"].notna().sum() == 8
    assert {file: file.stat().st_mtime_ns for file in (workspace.data / "pcam").rglob("camelyon*")} == unpacked


def test_labels_and_metadata_may_unpack_to_less_than_patches(
    pcam_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = pcam_unpacked._MAX_BYTES
    assert max(limits["y.h5"], limits["meta.csv"]) < 1 << 30 < limits["x.h5"]
    monkeypatch.setitem(limits, "y.h5", 1000)
    pack(pcam_folder, "test_x.h5", "test_y.h5")
    with pytest.raises(BrokenFilesError, match=r"1 sample .*test_y\.h5\.gz unpacks to more than 1,000 bytes"):
        open_pcam(pcam_folder, workspace)


def test_opening_unpacks_what_was_not_prepared(pcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    pack(pcam_folder, "test_x.h5")
    np.testing.assert_array_equal(open_pcam(pcam_folder, workspace).read([11]), pixels[[11]])


def rename_set(root: Path, old: str, new: str) -> None:
    for file in root.glob(f"*_{old}_*"):
        file.rename(root / file.name.replace(f"_{old}_", f"_{new}_"))


@pytest.mark.parametrize(
    ("name", "split_set"),
    [
        ("val", "valid"),
        ("validation", "valid"),
        ("Valid", "valid"),
        ("training", "train"),
        ("TRAIN", "train"),
        ("testing", "test"),
    ],
)
def test_parts_may_be_called_otherwise(name: str, split_set: str, pcam_folder: Path, workspace: Workspace) -> None:
    rename_set(pcam_folder, "train" if split_set == "train" else "test", name)
    table = open_pcam(pcam_folder, workspace).table
    assert len(table) == 12
    assert table["split"].value_counts()[split_set] == (8 if split_set == "train" else 4)
    assert table["sample_id"].iloc[0] == "train-000000"


def kaggle(root: Path) -> Path:
    """The folder as Kaggle's "metastatic-tissue-classification-patchcamelyon" has it."""
    (root / "pcam").mkdir()
    for folder in ("Labels", "Metadata"):
        (root / folder / folder).mkdir(parents=True)
    for split_set, name in (("train", "training"), ("test", "test")):
        (root / f"{STEM}{split_set}_x.h5").rename(root / "pcam" / f"{name}_split.h5")
        (root / f"{STEM}{split_set}_y.h5").rename(root / "Labels" / "Labels" / f"{STEM}{split_set}_y.h5")
    (root / f"{STEM}train_meta.csv").rename(root / "Metadata" / "Metadata" / f"{STEM}train_meta.csv")
    return root


def a_folder_a_set(root: Path) -> Path:
    for split_set in ("train", "test"):
        (root / "deep" / split_set).mkdir(parents=True)
        for file in root.glob(f"*_{split_set}_*"):
            file.rename(root / "deep" / split_set / file.name)
    return root


def folders_of_the_files_own_names(root: Path) -> Path:
    for file in list(root.iterdir()):
        content = file.read_bytes()
        file.unlink()
        file.mkdir()
        (file / file.name).write_bytes(content)
    return root


def packed_in_name_only(root: Path) -> Path:
    for file in list(root.iterdir()):
        file.rename(file.with_name(f"{file.name}.gz"))
    return root


@pytest.mark.parametrize("place", [kaggle, a_folder_a_set, folders_of_the_files_own_names, packed_in_name_only])
def test_copies_in_other_folders_are_read_alike(
    place: Callable[[Path], Path], pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    before = open_pcam(pcam_folder, workspace)
    table, split = before.table, make_split(before, SplitConfig())
    dataset = open_pcam(place(pcam_folder), workspace)
    pd.testing.assert_frame_equal(dataset.table, table)
    np.testing.assert_array_equal(dataset.read(range(12)), pixels)
    assert make_split(dataset, SplitConfig()).fingerprint == split.fingerprint
    assert dataset.left_out.count == 0
    assert not (workspace.data / "pcam").exists()  # nothing had to be unpacked


def test_of_a_file_that_stands_twice_one_is_taken_and_the_other_is_named(
    pcam_folder: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    (pcam_folder / "old").mkdir()
    shutil.copy(pcam_folder / f"{STEM}train_x.h5", pcam_folder / "old")
    rewrite(pcam_folder / "old", "x", np.zeros((8, 96, 96, 3), np.uint8))
    (pcam_folder / f"{STEM}train_x.h5.gz").write_bytes(b"\x1f\x8b no more")
    dataset = open_pcam(pcam_folder, workspace)
    np.testing.assert_array_equal(dataset.read(range(12)), pixels)
    assert {kind.what: kind.names for kind in dataset.left_out.kinds} == {
        ".gz files": (f"{STEM}train_x.h5.gz",),
        ".h5 files": (f"old/{STEM}train_x.h5",),
    }


def test_two_files_of_one_set_are_named_and_the_others_open_on_demand(pcam_folder: Path, workspace: Workspace) -> None:
    shutil.copy(pcam_folder / f"{STEM}train_x.h5", pcam_folder / f"{STEM}training_x.h5")
    with pytest.raises(BrokenFilesError, match=r"_train_x\.h5 and .*_training_x\.h5 are two files of the set train"):
        open_pcam(pcam_folder, workspace)
    rest = open_dataset(DataConfig(dataset="pcam", root=str(pcam_folder), skip_broken=True), workspace)
    assert set(rest.table["split"]) == {"test"}


def test_files_may_be_links_to_another_disk(pcam_folder: Path, tmp_path: Path, workspace: Workspace) -> None:
    table = open_pcam(pcam_folder, workspace).table
    (tmp_path / "disk").mkdir()
    for number, file in enumerate(pcam_folder.iterdir()):
        file.rename(tmp_path / "disk" / str(number))
        file.symlink_to(tmp_path / "disk" / str(number))
    dataset = open_pcam(pcam_folder, workspace)
    pd.testing.assert_frame_equal(dataset.table, table)
    assert dataset.left_out.count == 0


def test_files_of_no_known_set_are_named(pcam_folder: Path, workspace: Workspace) -> None:
    for what in ("extra_x.h5", "train_mask.h5"):
        shutil.copy(pcam_folder / f"{STEM}train_x.h5", pcam_folder / f"{STEM}{what}")
    dataset = open_pcam(pcam_folder, workspace)
    assert [(kind.what, kind.names) for kind in dataset.left_out.kinds] == [
        (".h5 files", (f"{STEM}extra_x.h5", f"{STEM}train_mask.h5"))
    ]
    for file in (*pcam_folder.glob("*_train_[xy]*"), *pcam_folder.glob("*_test_*")):
        file.unlink()
    with pytest.raises(DataNotFoundError, match=rf"no set of PCam with a patch, but 2 \.h5 files \({STEM}extra_x\.h5"):
        open_pcam(pcam_folder, workspace)


def test_a_locked_folder_below_does_not_bar_the_way(
    pcam_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pcam_folder / "locked").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    dataset = open_pcam(pcam_folder, workspace)
    assert len(dataset) == 12
    assert [(kind.what, kind.names) for kind in dataset.left_out.kinds] == [
        ("folders that cannot be listed", ("locked",))
    ]


@pytest.mark.parametrize("kind", ["?", "<u2", ">i8", "<f2", "<u8"])
def test_labels_of_any_type_and_shape_are_read(kind: str, pcam_folder: Path, workspace: Workspace) -> None:
    before = open_pcam(pcam_folder, workspace)
    for shape in ((8,), (8, 1), (8, 1, 1, 1)):
        rewrite(pcam_folder, "y", (np.arange(8) % 2).reshape(shape).astype(kind))
        dataset = open_pcam(pcam_folder, workspace)
        pd.testing.assert_frame_equal(dataset.table, before.table)
        assert dataset.content_hash == before.content_hash


def test_the_published_figures_are_kept() -> None:
    assert PCam.info.expected_counts is not None
    assert sum(PCam.info.expected_counts.values()) == 327_680
    assert PCam.info.checksums is not None
    assert len(PCam.info.checksums) == 9


def test_real_patches_read_back_from_hdf5(shared_data: Path, tmp_path: Path, workspace: Workspace) -> None:
    for split_set in ("train", "valid", "test"):
        files = [sorted((shared_data / "pcam_jpeg" / split_set / name).iterdir())[:5] for name in ("normal", "tumor")]
        images = np.stack([open_image(file) for both in files for file in both])
        with h5py.File(tmp_path / f"{STEM}{split_set}_x.h5", "w") as file:
            file["x"] = images
        with h5py.File(tmp_path / f"{STEM}{split_set}_y.h5", "w") as file:
            file["y"] = np.repeat([0, 1], 5).astype(np.uint8).reshape(-1, 1, 1, 1)
    dataset = open_pcam(tmp_path, workspace)
    split = make_split(dataset, SplitConfig())
    assert split.method == "published"
    expected = pd.DataFrame({"normal": 5, "tumour": 5}, index=pd.Index(["train", "valid", "test"], name="split"))
    pd.testing.assert_frame_equal(split.counts(dataset)[["normal", "tumour"]], expected)
    np.testing.assert_array_equal(dataset.read(split.indices("test")), images)
