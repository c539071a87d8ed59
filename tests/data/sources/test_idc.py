"""Invasive ductal carcinoma from its patients' folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.integrity import check_files
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import BrokenFilesError, DataNotFoundError
from histo_core.workspace import Workspace

RNG = np.random.default_rng(0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two patients with two patches of each class, one of them cut by the slide's edge."""
    for patient in (8863, 10253):
        for label in (0, 1):
            folder = tmp_path / "idc" / str(patient) / str(label)
            folder.mkdir(parents=True)
            for x, y in ((1, 51), (101, 1951)):
                width = 13 if (patient, label, x) == (8863, 1, 101) else 50
                image = Image.fromarray(RNG.integers(0, 256, (50, width, 3), dtype=np.uint8))
                image.save(folder / f"{patient}_idx5_x{x}_y{y}_class{label}.png")
    return tmp_path / "idc"


def open_idc(root: Path, workspace: Workspace) -> Dataset:
    return open_dataset(DataConfig(dataset="idc", root=str(root)), workspace)


def test_names_say_patient_place_and_class(root: Path, workspace: Workspace) -> None:
    dataset = open_idc(root, workspace)
    assert dataset.classes == ("normal", "tumour")
    assert dataset.microns_per_pixel is None
    table = dataset.table.set_index("sample_id")
    assert len(table) == 8
    assert table.loc["8863_idx5_x101_y1951_class1"].to_dict() == {
        "label": 1,
        "patient_id": "8863",
        "slide_id": "8863",
        "x": 101.0,
        "y": 1951.0,
    }


def test_patches_below_their_class_folder_are_taken_by_their_names(root: Path, workspace: Workspace) -> None:
    whole = open_idc(root, workspace).table
    (root / "8863" / "0" / "more").mkdir()
    (root / "8863" / "0" / "8863_idx5_x1_y51_class0.png").rename(root / "8863/0/more/8863_idx5_x1_y51_class0.png")
    assert set(open_idc(root, workspace).table["sample_id"]) == set(whole["sample_id"])


def test_patches_at_the_edge_keep_their_size_and_are_counted(root: Path, workspace: Workspace) -> None:
    dataset = open_idc(root, workspace)
    row = int(np.flatnonzero(dataset.table["sample_id"] == "8863_idx5_x101_y1951_class1")[0])
    assert dataset.read([row])[0].shape == (50, 13, 3)
    assert check_files(dataset).sizes == {(50, 50): 7, (50, 13): 1}


def test_the_archives_own_folder_is_found(root: Path, tmp_path: Path, workspace: Workspace) -> None:
    below = tmp_path / "kaggle" / "IDC_regular_ps50_idx5"
    shutil.copytree(root, below)
    assert len(open_idc(tmp_path / "kaggle", workspace)) == 8
    shutil.copytree(root / "8863", tmp_path / "kaggle" / "8863")  # as the copies that hold all patients twice
    dataset = open_idc(tmp_path / "kaggle", workspace)
    assert dataset.table["patient_id"].unique().tolist() == ["8863", "10253"]
    assert [path.relative_to(tmp_path / "kaggle").parts[0] for path in dataset.sources] == (
        ["8863"] * 4 + ["IDC_regular_ps50_idx5"] * 4
    )
    assert [(kind.count, kind.names[0]) for kind in dataset.left_out.kinds] == [
        (4, "IDC_regular_ps50_idx5/8863/0/8863_idx5_x101_y1951_class0.png")
    ]


def test_kaggles_copy_has_the_archives_folder_twice(root: Path, tmp_path: Path, workspace: Workspace) -> None:
    inner = tmp_path / "kaggle" / "IDC_regular_ps50_idx5" / "IDC_regular_ps50_idx5"
    shutil.copytree(root, inner)
    plain = open_idc(root, workspace).table
    for folder in (tmp_path / "kaggle", inner.parent, inner):
        assert open_idc(folder, workspace).table["sample_id"].tolist() == plain["sample_id"].tolist()
        assert open_idc(folder, workspace).left_out.count == 0
    shutil.copytree(root, tmp_path / "kaggle", dirs_exist_ok=True)
    dataset = open_idc(tmp_path / "kaggle", workspace)
    pd.testing.assert_frame_equal(dataset.table, plain)
    assert dataset.left_out.count == 8


def test_a_folder_around_the_patients_is_looked_into(root: Path, tmp_path: Path, workspace: Workspace) -> None:
    root.rename(tmp_path / "archive")
    (tmp_path / "outer").mkdir()
    (tmp_path / "archive").rename(tmp_path / "outer" / "archive")
    assert len(open_idc(tmp_path / "outer", workspace)) == 8


def test_all_that_is_out_of_place_is_named(root: Path, workspace: Workspace) -> None:
    image = root / "8863" / "0" / "8863_idx5_x1_y51_class0.png"
    shutil.copy(image, root / "8863" / "1" / image.name)
    shutil.copy(image, root / "10253" / "0" / image.name)
    shutil.copy(image, image.with_name("8863_idx5_x1_y51_class2.png"))
    shutil.copy(image, image.with_name("patch.png"))
    (root / "8863" / "2").mkdir()
    (root / "9999" / "1").mkdir(parents=True)
    (root / "9998").mkdir()
    (root / "notes").mkdir()
    for place in (root, root / "8863", root / "8863" / "1"):
        shutil.copy(image, place / "8863_idx5_x1_y51_class1.gif")
    shutil.copy(image, root)
    with pytest.raises(BrokenFilesError) as caught:
        open_idc(root, workspace)
    assert dict(caught.value.problems) == {
        "8863/1/8863_idx5_x1_y51_class0.png": "lies in the class folder 1 though its name says class 0",
        "10253/0/8863_idx5_x1_y51_class0.png": "lies in the folder of patient 10253 though its name says 8863",
        "8863/0/8863_idx5_x1_y51_class2.png": "lies in the class folder 0 though its name says class 2",
        "8863/0/patch.png": "has a name that is not <patient>_idx5_x<X>_y<Y>_class<0|1>",
        "8863/2": "is no class; class folders are 0 and 1",
        "8863/1": "holds 1 image of a kind that is not read here (.gif)",
        "8863": "holds 1 image beside the class folders, not used",
        "idc": "holds 2 images beside the patients' folders, not used",
        "9998": "holds no class folders",
        "9999/1": "is a class folder without images (PNG, JPEG, TIFF, BMP or WebP)",
        "notes": "is no patient; patients' folders are named by a number",
    }


def test_a_folder_without_patients_is_refused(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(DataNotFoundError, match="holds no images"):
        open_idc(tmp_path, workspace)
    with pytest.raises(DataNotFoundError, match="There is no"):
        open_idc(tmp_path / "nothing", workspace)


def test_real_patches_open(shared_data: Path, workspace: Workspace) -> None:
    dataset = open_idc(shared_data / "idc", workspace)
    assert len(dataset) == 2538
    assert dataset.table["patient_id"].nunique() == 100
    split = make_split(dataset, SplitConfig())
    assert split.method == "patient"
    split_sets = dataset.table.assign(part=split.split_sets).groupby("patient_id")["part"].nunique()
    assert (split_sets == 1).all()
