"""A folder is recognised by the names in it: every kind of data set, the published sets, and folders that are none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS
from histo_core.data.formats import folder_look
from histo_core.data.opening import open_dataset
from histo_core.data.recognise import Recognition, recognise
from histo_core.errors import DataNotFoundError, PathNotAllowedError
from histo_core.workspace import Workspace

KAGGLE_ID = "f38a6374c348f90b587e046aac6079959adf3835"


def touch(root: Path, *names: str) -> Path:
    """Make empty files: names are all that is looked at."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(root: Path, name: str, content: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)
    return root


BREAKHIS = "benign/SOB/adenosis/SOB_B_A_14-22549AB/40X/SOB_B_A-14-22549AB-40-001.png"
PCAM = "camelyonpatch_level_2_split_valid"
LAYOUTS: dict[str, tuple[Callable[[Path], Path], str, dict[str, Any]]] = {
    "Kaggle's PCam": (
        lambda root: touch(table(root, "train_labels.csv", "id,label\n"), f"train/{KAGGLE_ID}.tif"), "kpcam", {},
    ),
    "Kaggle's PCam, unpacked twice": (
        lambda root: touch(root, "in/train/train/a.tif", "in/train_labels.csv/train_labels.csv"), "kpcam", {},
    ),
    "Kaggle's PCam, its test images alone": (
        lambda root: touch(root, f"test/{KAGGLE_ID}.tif"), "kpcam", {"part": "test"},
    ),
    "IDC": (lambda root: touch(root, "10253/0/10253_idx5_x1_y1_class0.png"), "idc", {}),
    "IDC in its archive's folder": (
        lambda root: touch(root, "IDC_regular_ps50_idx5/10253/1/10253_idx5_x1_y1_class1.png"), "idc", {},
    ),
    "BreaKHis": (lambda root: touch(root, f"BreaKHis_v1/histology_slides/breast/{BREAKHIS}"), "breakhis", {}),
    "BreaKHis as Kaggle sorts it": (
        lambda root: touch(root, f"train/benign/{Path(BREAKHIS).name}", "test/malignant/SOB_M_DC-14-2523-400-001.png"),
        "breakhis", {},
    ),
    "PCam": (lambda root: touch(root, f"{PCAM}_x.h5.gz", f"{PCAM}_y.h5.gz"), "pcam", {}),
    "PCam on Kaggle": (lambda root: touch(root, "validation_split.h5", f"Labels/Labels/{PCAM}_y.h5"), "pcam", {}),
    "neuroblastoma": (lambda root: touch(root, "gn/a.png", "PDNB/b.png"), "neuroblastoma", {}),
    "a table": (
        lambda root: touch(table(root, "manifest.csv", "path,label,patient_id\na/1.png,x,P1\n"), "a/1.png"),
        "manifest", {},
    ),
    "a table of another name": (
        lambda root: touch(table(root, "mine.csv", "label,path\nx,1.png\n"), "1.png"), "manifest", {"file": "mine.csv"},
    ),
    "class folders": (lambda root: touch(root, "b/1.png", "c/deep/2.jpg", "empty/notes.txt"), "folder", {}),
    "class folders below sets": (lambda root: touch(root, "in/Train/b/1.png", "in/val/c/2.png"), "folder", {}),
    "class folders of which one says tumour": (
        lambda root: touch(root, "Cancer/1.png", "healthy/2.png"), "folder", {"positive": "Cancer"},
    ),
    "colorectal texture": (
        lambda root: touch(root, *(f"{name}/1.tif" for name in (
            "01_TUMOR", "02_STROMA", "03_COMPLEX", "04_LYMPHO", "05_DEBRIS", "06_MUCOSA", "07_ADIPOSE", "08_EMPTY"))),
        "folder", {"positive": "01_TUMOR"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_recognised(name: str, tmp_path: Path, workspace: Workspace) -> None:
    make, dataset, options = LAYOUTS[name]
    found = recognise(make(tmp_path / "data"), workspace)
    assert [(one.dataset, dict(one.options), one.missing) for one in found.candidates] == [(dataset, options, "")]
    assert found.candidates[0].config == DataConfig(dataset=dataset, root=str(tmp_path / "data"), options=options)
    assert found.candidates[0].evidence


def test_every_kind_that_needs_a_folder_has_its_signs() -> None:
    assert {dataset for _, dataset, _ in LAYOUTS.values()} == {
        name for name, kind in DATASETS.items() if kind.info.needs_root
    }


@pytest.mark.parametrize(
    ("make", "dataset", "missing"),
    [
        (lambda root: touch(root, f"train/{KAGGLE_ID}.tif"), "kpcam", "train_labels.csv"),
        (lambda root: touch(root, f"{PCAM}_x.h5"), "pcam", f"{PCAM}_y.h5"),
        (lambda root: touch(root, "SOB_B_A-14-22549AB-400-001.png"), "breakhis", "the folders benign and malignant"),
        (lambda root: table(root, "manifest.csv", "path,label\ngone.png,x\n"), "manifest", "gone.png"),
    ],
)
def test_what_is_missing_is_said(
    make: Callable[[Path], Path], dataset: str, missing: str, tmp_path: Path, workspace: Workspace
) -> None:
    (found,) = recognise(make(tmp_path / "data"), workspace).candidates
    assert found.dataset == dataset
    assert missing in found.missing
    assert f"Missing: {found.missing}." in str(found)


def test_a_folder_of_data_sets_names_each_of_them(tmp_path: Path, workspace: Workspace) -> None:
    touch(tmp_path / "data", "one/10253/0/10253_idx5_x1_y1_class0.png", "two/a/1.png", "two/b/2.png", "notes/x.txt")
    found = recognise(tmp_path / "data", workspace)
    assert [(one.dataset, one.root.name) for one in found.candidates] == [("idc", "one"), ("folder", "two")]
    assert found.sentences[0].startswith("one: This looks like Invasive ductal carcinoma.")
    assert found.sentences[1].startswith("two: The layout fits: Class folders.")


def test_the_root_of_several_breakhis_copies_is_none_itself(tmp_path: Path, workspace: Workspace) -> None:
    touch(tmp_path / "data", f"small/{BREAKHIS}", f"large/{BREAKHIS}")
    assert [one.root.name for one in recognise(tmp_path / "data", workspace).candidates] == ["large", "small"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda root: touch(root, "a/notes.txt"), "Found: 1 folder."),
        (lambda root: root.mkdir() or root, "The folder is empty."),
        (lambda root: touch(root, "one.svs", "two.svs"), "Found: 2 .svs files."),
        (lambda root: touch(root, "pcam.zip"), "Archives are not read: unpack pcam.zip first."),
        (lambda root: touch(root, "1.png", "2.png"), "Found: 2 .png files."),
        (
            lambda root: table(root, "labels.csv", "image,class\n1.png,x\n"),
            "labels.csv has the columns image, class; a table of images needs path and label.",
        ),
        (lambda root: touch(root, "only_one_class/1.png"), "Found: 1 folder."),
        (lambda root: touch(root, "weights.safetensors", "x." + "y" * 40), "1 .safetensors file, 1 other file."),
    ],
)
def test_where_nothing_fits_it_says_what_is_there_and_what_is_known(
    make: Callable[[Path], Path], said: str, tmp_path: Path, workspace: Workspace
) -> None:
    found = recognise(make(tmp_path / "data"), workspace)
    text = " ".join(found.sentences)
    assert found.candidates == ()
    assert text.startswith("No known data set lies like this.")
    assert said in text
    for kind in map(DATASETS.__getitem__, DATASETS):
        assert (kind.info.layout in text) == kind.info.needs_root


def test_links_are_not_followed(tmp_path: Path, workspace: Workspace) -> None:
    outside = touch(tmp_path / "outside", "b/1.png", "c/2.png")
    inside = tmp_path / "data"
    inside.mkdir()
    for name in ("b", "c"):
        (inside / name).symlink_to(outside / name)
    (inside / "train_labels.csv").symlink_to(outside / "b" / "1.png")
    found = recognise(inside, workspace)
    assert found.candidates == ()
    assert "3 links are not followed." in found.found


def test_a_folder_outside_the_allowed_roots_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(PathNotAllowedError, match="outside the folders"):
        recognise("/etc", workspace)
    with pytest.raises(DataNotFoundError):
        recognise(tmp_path / "gone", workspace)


def test_of_a_file_its_folder_is_looked_at(tmp_path: Path, workspace: Workspace) -> None:
    touch(tmp_path / "data", "b/1.png", "c/2.png", "readme.txt")
    found = recognise(tmp_path / "data" / "readme.txt", workspace)
    assert (found.folder, found.candidates[0].dataset) == (tmp_path / "data", "folder")


NAMES = ["line\nbreak", "<b>bold</b>", "a" * 200, "‮left", "$(rm)"]


def test_hostile_names_are_text(tmp_path: Path, workspace: Workspace) -> None:
    root = touch(tmp_path / "data", *(f"{name}/1.png" for name in NAMES))
    (root / os.fsdecode(b"\xff\xfe")).mkdir()
    found = recognise(root, workspace)
    assert [one.dataset for one in found.candidates] == ["folder"]
    assert "line\nbreak" in found.candidates[0].evidence[0]


@pytest.mark.parametrize("binary", [b"\xff\xfe\x00path,label\x00", b"\0" * 100_000, b"path,label\n" + b'"' * 200_000])
def test_a_table_may_hold_anything(binary: bytes, tmp_path: Path, workspace: Workspace) -> None:
    for name in ("manifest.csv", "other.parquet"):
        (tmp_path / name).write_bytes(binary)
    assert recognise(tmp_path, workspace).candidates in ((), _manifest(recognise(tmp_path, workspace)))


def _manifest(found: Recognition) -> tuple[object, ...]:
    return tuple(one for one in found.candidates if one.dataset == "manifest")


def test_a_parquet_table_is_known_by_its_columns(tmp_path: Path, workspace: Workspace) -> None:
    pd.DataFrame({"path": ["1.png"], "label": ["x"]}).to_parquet(tmp_path / "mine.parquet")
    (found,) = recognise(tmp_path, workspace).candidates
    assert (found.dataset, dict(found.options)) == ("manifest", {"file": "mine.parquet"})


def test_a_named_pipe_is_no_table(tmp_path: Path, workspace: Workspace) -> None:
    os.mkfifo(tmp_path / "manifest.csv")
    assert recognise(tmp_path, workspace).candidates == ()


def test_a_large_folder_is_read_in_part(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_look, "MOST_NAMES", 50)
    root = touch(tmp_path / "data", *(f"{number:04d}.txt" for number in range(500)))
    read: list[str] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(str(path)) or scan(path))
    found = recognise(root, workspace)
    assert not found.whole
    assert read == [str(root)]
    assert "Not all names were read" in " ".join(found.sentences)
    assert "Found: at least 50 .txt files." in found.found


def test_known_names_are_found_beside_any_number_of_others(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_look, "MOST_NAMES", 10)
    root = touch(tmp_path / "data", *(f"train/{number}.tif" for number in range(100)))
    table(root, "train_labels.csv", "id,label\n")
    (found,) = recognise(root, workspace).candidates
    assert found.dataset == "kpcam"
    assert "at least 10 images in train" in found.evidence


def test_folders_and_time_are_limited(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    root = touch(tmp_path / "data", *(f"{number:03d}/x/y/notes.txt" for number in range(200)))
    listed: list[str] = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or scan(path))
    monkeypatch.setattr(folder_look, "MOST_FOLDERS", 30)
    assert not recognise(root, workspace).whole
    assert len(listed) <= 30
    listed.clear()
    monkeypatch.setattr(folder_look, "MOST_FOLDERS", 10_000)
    assert not recognise(root, workspace, seconds=0).whole
    assert listed == [str(root)]


REAL = {
    "breakhis_224": ("breakhis", {}),
    "breakhis_full": ("breakhis", {}),
    "idc": ("idc", {}),
    "kather_2016": ("folder", {"positive": "01_TUMOR"}),
    "kpcam": ("kpcam", {}),
    "nct_crc_he": ("folder", {}),
    "pcam_jpeg": ("folder", {}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_folders_are_recognised_and_open(name: str, shared_data: Path, workspace: Workspace) -> None:
    (found,) = recognise(shared_data / name, workspace).candidates
    assert (found.dataset, dict(found.options), found.missing) == (*REAL[name], "")
    assert len(open_dataset(found.config, workspace)) > 0


def test_the_folder_of_all_real_folders_names_each(shared_data: Path, workspace: Workspace) -> None:
    found = recognise(shared_data, workspace)
    assert {one.root.name: one.dataset for one in found.candidates} == {name: kind for name, (kind, _) in REAL.items()}
