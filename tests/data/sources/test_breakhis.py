"""BreaKHis from its published tree."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import DataConfig, Option, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.sources.breakhis import KINDS, SUBTYPES
from histo_core.data.splits.make_split import make_split
from histo_core.errors import BrokenFilesError, ConfigError, CorruptDataError, DataNotFoundError
from histo_core.workspace import Workspace

NAMES = (
    "SOB_B_F-14-29960AB-40-001",
    "SOB_B_F-14-29960AB-200-002",
    "SOB_B_A-14-29960CD-200-017",
    "SOB_M_DC-14-13412-200-003",
    "SOB_M_LC-14-13412-200-004",
    "SOB_M_PC-14-190EF-400-021",
)


def place(tree: Path, name: str) -> Path:
    """Where the publisher's own script looks for an image."""
    first, year, number, magnification, _ = name.split("-")
    kind, subtype = first.split("_")[1:]
    slide = f"{first}_{year}-{number}"
    return tree / KINDS[kind] / "SOB" / SUBTYPES[subtype] / slide / f"{magnification}X" / f"{name}.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree = tmp_path / "bk" / "BreaKHis_v1" / "histology_slides" / "breast"
    for level, name in enumerate(NAMES):
        path = place(tree, name)
        path.parent.mkdir(parents=True)
        Image.new("RGB", (70, 46), (level, level, level)).save(path)
    return tmp_path / "bk"


def open_breakhis(root: Path, workspace: Workspace, **options: Option) -> Dataset:
    return open_dataset(DataConfig(dataset="breakhis", root=str(root), options=options), workspace)


def rows(dataset: Dataset) -> pd.DataFrame:
    return dataset.table.set_index("sample_id").loc[list(NAMES)]


def test_names_say_patient_magnification_and_type(root: Path, workspace: Workspace) -> None:
    dataset = open_breakhis(root, workspace)
    table = rows(dataset)
    assert dataset.classes == ("benign", "malignant")
    assert dataset.positive == "malignant"
    assert dataset.microns_per_pixel is None
    assert table["label"].tolist() == [0, 0, 0, 1, 1, 1]
    assert table["patient_id"].tolist() == [
        *("14-29960AB", "14-29960AB", "14-29960CD", "14-13412", "14-13412", "14-190EF"),
    ]
    assert table["group"].tolist() == ["29960", "29960", "29960", "13412", "13412", "190"]
    assert table["slide_id"].tolist()[3:5] == ["SOB_M_DC_14-13412", "SOB_M_LC_14-13412"]
    assert table["magnification"].tolist() == [40, 200, 200, 200, 200, 400]
    assert table["subtype"].iloc[[2, 4]].tolist() == ["adenosis", "lobular_carcinoma"]
    assert table["image"].tolist() == [1, 2, 17, 3, 4, 21]
    assert "split" not in table
    index = int(dataset.table.index[dataset.table["sample_id"] == NAMES[4]][0])
    assert dataset.read([index])[0].shape == (46, 70, 3)
    assert (dataset.read([index])[0] == 4).all()


def test_eight_types_can_be_told_apart(root: Path, workspace: Workspace) -> None:
    dataset = open_breakhis(root, workspace, target="subtype")
    assert dataset.classes == tuple(SUBTYPES.values())
    assert [dataset.classes[label] for label in rows(dataset)["label"]] == rows(dataset)["subtype"].tolist()


def test_one_magnification_can_be_taken(root: Path, workspace: Workspace) -> None:
    assert open_breakhis(root, workspace, magnification=200).table["magnification"].tolist() == [200] * 4
    with pytest.raises(DataNotFoundError, match=r"holds no image at 100X\. There are images at 40X, 200X, 400X"):
        open_breakhis(root, workspace, magnification=100)
    with pytest.raises(ConfigError, match="magnification = 50"):
        open_breakhis(root, workspace, magnification=50)


def test_the_folder_may_be_named_at_any_height(root: Path, workspace: Workspace) -> None:
    tree = root / "BreaKHis_v1"
    for start in (tree, tree / "histology_slides", tree / "histology_slides" / "breast"):
        assert len(open_breakhis(start, workspace)) == 6
    with pytest.raises(DataNotFoundError, match=r"does not hold BreaKHis's tree\. The published tree"):
        open_breakhis(tree / "histology_slides" / "breast" / "benign", workspace)


def write_fold(root: Path, split_sets: dict[str, str], extra: str = "") -> None:
    """A file in the published format, of lines such as SOB_B_TA-14-13200-40-001.png|40|1|train."""
    lines = [f"{name}.png|{name.split('-')[3]}|2|{split_set}\n" for name, split_set in split_sets.items()]
    (root / "dsfold2.txt").write_text("".join(lines) + extra)


def test_a_published_fold_is_the_split(root: Path, workspace: Workspace) -> None:
    split_sets = dict(zip(NAMES, ("train", "train", "test", "train", "test"), strict=False))
    write_fold(root, split_sets)
    dataset = open_breakhis(root, workspace, fold=2)
    assert rows(dataset)["split"].to_dict() == split_sets | {NAMES[5]: ""}
    split = make_split(dataset, SplitConfig(method="published", valid=0))
    assert dict(zip(dataset.table["sample_id"], split.split_sets, strict=True)) == split_sets | {NAMES[5]: ""}


def test_without_the_published_file_three_tenths_of_the_patients_are_held_out(root: Path, workspace: Workspace) -> None:
    dataset = open_breakhis(root, workspace, fold=3)
    patients = dataset.table.groupby("patient_id")["split"].unique()
    assert sorted(split_sets.tolist() for split_sets in patients) == [
        ["test"],
        ["train"],
        ["train"],
        ["train"],
    ]  # 0.3 of 4
    for config in (SplitConfig(valid=0), SplitConfig(method="published", valid=0)):
        split = make_split(dataset, config)
        assert split.split_sets.tolist() == dataset.table["split"].tolist()
        assert split.note.startswith(
            "dsfold3.txt is not here, so 30% of the patients were drawn for test (draw 3 of ours)."
        )
    some = open_breakhis(root, workspace, fold=3, magnification=200).table
    assert some["split"].tolist() == dataset.table.set_index("sample_id")["split"].loc[some["sample_id"]].tolist()
    (place(root / "BreaKHis_v1/histology_slides/breast", NAMES[0])).write_bytes(b"")
    config = DataConfig(dataset="breakhis", root=str(root), options={"fold": 3}, skip_broken=True)
    assert make_split(open_dataset(config, workspace), SplitConfig(valid=0)).note.startswith("dsfold3.txt is not here")


def test_what_a_fold_names_and_the_folder_lacks_is_named(root: Path, workspace: Workspace) -> None:
    missing = {"SOB_B_F-14-1-200-001": "train", "SOB_B_F-14-1-40-001": "test"}
    write_fold(root, dict.fromkeys(NAMES, "train") | missing, "SOB_B_F-14-2-40-001.png|40|2|valid\nno line\n")
    with pytest.raises(BrokenFilesError) as caught:
        open_breakhis(root, workspace, fold=2)
    assert dict(caught.value.problems) == {
        "dsfold2.txt, line 9": "is not name|magnification|2|train or test",
        "dsfold2.txt, line 10": "is not name|magnification|2|train or test",
        **dict.fromkeys(missing, "stands in dsfold2.txt and has no file"),
    }
    write_fold(root, dict.fromkeys(NAMES, "train") | missing)
    with pytest.raises(BrokenFilesError, match=r"1 sample cannot be used: SOB_B_F-14-1-200-001: stands in"):
        open_breakhis(root, workspace, fold=2, magnification=200)


def test_a_fold_must_say_one_thing_of_the_images_that_are_there(root: Path, workspace: Workspace) -> None:
    write_fold(root, dict.fromkeys(NAMES, "train"), f"{NAMES[1]}.png|200|2|test\n{NAMES[2]}.png|200|4|train\n")
    with pytest.raises(BrokenFilesError) as caught:
        open_breakhis(root, workspace, fold=2)
    assert dict(caught.value.problems) == {
        "dsfold2.txt, line 8": "is not name|magnification|2|train or test",
        NAMES[1]: "is for both training and test in dsfold2.txt",
    }
    (root / "dsfold2.txt").rename(root / "dsfold4.txt")
    (root / "dsfold3.txt").write_bytes(b"")
    for fold in (3, 4):
        (root / "dsfold4.txt").write_text(f"{NAMES[0]}.png|40|2|train\n")
        with pytest.raises(CorruptDataError, match=rf"dsfold{fold}\.txt names none of the images"):
            open_breakhis(root, workspace, fold=fold)


def test_a_fold_that_is_no_text_is_refused(root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "dsfold1.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorruptDataError, match=r"dsfold1\.txt is not text"):
        open_breakhis(root, workspace, fold=1)
    monkeypatch.setattr("histo_core.data.sources.breakhis_folds._MAX_BYTES", 2)
    with pytest.raises(CorruptDataError, match="it has 3 bytes, and at most 2 are read"):
        open_breakhis(root, workspace, fold=1)


def test_files_out_of_place_are_named(root: Path, workspace: Workspace) -> None:
    tree = root / "BreaKHis_v1" / "histology_slides" / "breast"
    first = place(tree, NAMES[0])
    shutil.copy(first, place(tree, NAMES[5]).parent)
    shutil.copy(first, first.with_name("SOB_B_F-14-29960AB-50-001.png"))
    shutil.copy(first, first.with_suffix(".tif"))
    with pytest.raises(BrokenFilesError) as caught:
        open_breakhis(root, workspace)
    problems = {Path(where).name: what for where, what in caught.value.problems}
    assert len(caught.value.problems) == 3
    assert problems["SOB_B_F-14-29960AB-40-001.png"] == (
        "does not lie where its name says (benign/SOB/fibroadenoma/SOB_B_F_14-29960AB/40X)"
    )
    assert problems["SOB_B_F-14-29960AB-50-001.png"].startswith("has a name that is not SOB_<B|M>_")
    assert problems["SOB_B_F-14-29960AB-40-001.tif"].startswith("has the id 'SOB_B_F-14-29960AB-40-001', which ")


def test_the_archives_folder_may_lie_in_itself(root: Path, workspace: Workspace) -> None:
    plain = open_breakhis(root, workspace).table
    (root / "BreaKHis_v1").rename(root / "inner")
    (root / "BreaKHis_v1").mkdir()
    (root / "inner").rename(root / "BreaKHis_v1" / "BreaKHis_v1")
    write_fold(root, dict.fromkeys(NAMES, "train"))
    (root / "dsfold1.txt").write_text("")
    (root / "README.txt").write_text("")
    dataset = open_breakhis(root, workspace)
    pd.testing.assert_frame_equal(dataset.table, plain)
    assert dataset.left_out.kinds[0].names == ("README.txt", "dsfold1.txt", "dsfold2.txt")
    assert open_breakhis(root, workspace, fold=2).left_out.kinds[0].names == ("README.txt", "dsfold1.txt")


def kaggle_400(root: Path) -> Path:
    """Images of 400X as Kaggle's "BreaKHis 400X" has them: a set and a kind above each."""
    top = root / "BreaKHis 400X"
    for number, name in enumerate(("SOB_B_A-14-22549AB-400-001", "SOB_B_F-14-9133-400-002", *NAMES[-1:])):
        path = top / ("train", "test")[number % 2] / KINDS[name.split("_")[1]] / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (70, 46), (number, number, number)).save(path)
    return top


def test_a_copy_of_one_magnification_is_read_by_its_names(tmp_path: Path, workspace: Workspace) -> None:
    top = kaggle_400(tmp_path / "data")
    for folder in (top, top.parent, top / "train"):
        dataset = open_breakhis(folder, workspace)
        table = dataset.table.set_index("sample_id")
        assert dataset.classes == ("benign", "malignant")
        assert table["label"].to_dict() == {
            "SOB_B_A-14-22549AB-400-001": 0,
            **({} if folder.name == "train" else {"SOB_B_F-14-9133-400-002": 0}),
            "SOB_M_PC-14-190EF-400-021": 1,
        }
        assert set(table["magnification"]) == {400}
        assert table.loc["SOB_M_PC-14-190EF-400-021", "patient_id"] == "14-190EF"
        assert "split" not in table
    assert open_breakhis(top, workspace).table.set_index("sample_id")["copy_part"].to_dict() == {
        "SOB_B_A-14-22549AB-400-001": "train",
        "SOB_B_F-14-9133-400-002": "test",
        "SOB_M_PC-14-190EF-400-021": "train",
    }


def test_a_folder_that_contradicts_a_name_is_a_problem(tmp_path: Path, workspace: Workspace) -> None:
    top = kaggle_400(tmp_path / "data")
    image = top / "test" / "benign" / "SOB_B_F-14-9133-400-002.png"
    wrong = ("test/malignant", "benign/200X", "benign/adenosis", "benign/SOB_B_F_14-1", "other")
    for number, folder in enumerate(wrong):
        path = top / folder / f"SOB_B_F-14-9133-400-1{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(image, path)
    with pytest.raises(BrokenFilesError) as caught:
        open_breakhis(top, workspace)
    assert sorted(where for where, _ in caught.value.problems) == sorted(
        f"{folder}/SOB_B_F-14-9133-400-1{number}.png" for number, folder in enumerate(wrong)
    )
    for _, what in caught.value.problems:
        assert what == "does not lie where its name says (benign/SOB/fibroadenoma/SOB_B_F_14-9133/400X)"


def test_a_fold_made_on_windows_is_read(root: Path, workspace: Workspace) -> None:
    lines = [f"breast\\benign\\{name}.png|{name.split('-')[3]}|2|train\r\n" for name in NAMES[:-1]]
    (root / "dsfold2.txt").write_text("".join([*lines, f"{NAMES[-1]}.png|400|2|test\r\n"]), newline="")
    assert rows(open_breakhis(root, workspace, fold=2))["split"].tolist() == ["train"] * 5 + ["test"]


def test_real_images_open(shared_data: Path, workspace: Workspace) -> None:
    full = open_breakhis(shared_data / "breakhis_full", workspace)
    assert len(full) == 22
    assert {image.shape for image in full.read([0, 21])} == {(460, 700, 3)}
    squeezed = open_breakhis(shared_data / "breakhis_224", workspace, target="subtype")
    assert len(squeezed) == 197
    assert squeezed.table["patient_id"].nunique() == 33
    assert squeezed.table["group"].nunique() == 30
    assert squeezed.table["subtype"].nunique() == 8
    folds = [open_breakhis(shared_data / "breakhis_224", workspace, fold=fold).table for fold in range(1, 6)]
    assert len({tuple(table["split"]) for table in folds}) == 5
    for table in folds:
        assert table.groupby("patient_id")["split"].first().value_counts()["test"] == 10  # 0.3 of 33
        assert (table.groupby("patient_id")["split"].nunique() == 1).all()
    numbers = squeezed.table["sample_id"].str.extract(r"-14-(\d+)", expand=False)
    np.testing.assert_array_equal(squeezed.table["group"].to_numpy(dtype=str), numbers.to_numpy(dtype=str))
