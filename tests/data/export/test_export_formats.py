"""What is exported opens again, here and elsewhere, with the same pixels and labels."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from torchvision.datasets import PCAM

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.dataset import Dataset
from histo_core.data.export import formats
from histo_core.data.export.formats import export_folders, export_pcam, export_table
from histo_core.data.formats.csv_cells import to_csv
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.data.splits.split import Split
from histo_core.errors import CancelledError, ConfigError, CorruptDataError, DataError
from histo_core.workspace import Workspace

SPLIT_SETS = ["train", "train", "train", "valid", "test", "test", ""]
LABELS = [0, 1, 1, 0, 1, 0, 1]


def split_of(split_sets: Sequence[str]) -> Split:
    return Split(split_sets=np.array(split_sets, dtype=object), method="random", fingerprint="0" * 64, note="")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (7, 96, 96, 3), dtype=np.uint8)


@pytest.fixture
def dataset(make_dataset: Callable[..., Dataset], images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Seven patches of two slides; one lacks its place, one its slide."""
    made = make_dataset(
        LABELS,
        slide_id=["a", "a", "=b", "=b", "c", None, "c"],
        x=[0.0, 96, 192, 0, 96, 192, np.nan],
        y=[5.0] * 6 + [np.nan],
    )
    monkeypatch.setattr(made, "read_source", lambda rows: images[np.asarray(rows)], raising=False)
    return made


def test_pcam_opens_here_and_in_torchvision_with_the_same_pixels(
    dataset: Dataset, images: np.ndarray, tmp_path: Path, workspace: Workspace
) -> None:
    steps: list[tuple[int, int]] = []
    export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "pcam", lambda *step: steps.append(step))
    assert steps == [(3, 6), (4, 6), (6, 6)]
    again = open_dataset(DataConfig(dataset="pcam", root=str(tmp_path / "pcam")), workspace)
    assert again.table["split"].tolist() == SPLIT_SETS[:6]
    assert again.table["label"].tolist() == LABELS[:6]
    np.testing.assert_array_equal(again.read(range(6)), images[:6])
    assert again.table["slide_id"].tolist()[:5] == ["a", "a", "=b", "=b", "c"]
    assert again.table["slide_id"].isna().tolist() == [False] * 5 + [True]
    assert again.table["x"].tolist() == [0, 96, 192, 0, 96, 192]
    for name, rows in (("train", [0, 1, 2]), ("val", [3]), ("test", [4, 5])):
        theirs = PCAM(str(tmp_path), split=name)
        assert len(theirs) == len(rows)
        for place, row in enumerate(rows):
            image, label = theirs[place]
            np.testing.assert_array_equal(np.asarray(image), images[row])
            assert label == LABELS[row]


def test_pcam_is_contiguous_so_that_it_is_mapped(dataset: Dataset, tmp_path: Path) -> None:
    export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "pcam")
    with h5py.File(tmp_path / "pcam" / "camelyonpatch_level_2_split_train_x.h5") as file:
        assert file["x"].chunks is None
        assert file["x"].id.get_offset() is not None


def test_pcams_metadata_are_left_out_where_nothing_is_known(dataset: Dataset, tmp_path: Path) -> None:
    dataset.table = dataset.table[["sample_id", "label"]]
    export_pcam(dataset, split_of(["train"] * 7), tmp_path / "pcam")
    assert sorted(file.name for file in (tmp_path / "pcam").iterdir()) == [
        "camelyonpatch_level_2_split_train_x.h5",
        "camelyonpatch_level_2_split_train_y.h5",
    ]


def test_pcams_metadata_have_its_columns(dataset: Dataset, tmp_path: Path) -> None:
    dataset.table["tumor_patch"] = pd.array([True, False, None, True, True, True, True], "boolean")
    export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "pcam")
    meta = pd.read_csv(tmp_path / "pcam" / "camelyonpatch_level_2_split_train_meta.csv", index_col=0)
    assert meta.columns.tolist() == ["coord_y", "coord_x", "tumor_patch", "center_tumor_patch", "wsi"]
    assert meta["center_tumor_patch"].tolist() == [False, True, True]
    assert meta["tumor_patch"].tolist()[:2] == [True, False]
    assert pd.isna(meta["tumor_patch"].iloc[2])


def test_the_class_of_interest_is_pcams_one(dataset: Dataset, tmp_path: Path, workspace: Workspace) -> None:
    dataset.positive = "normal"
    export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "pcam")
    again = open_dataset(DataConfig(dataset="pcam", root=str(tmp_path / "pcam")), workspace)
    assert again.table["label"].tolist() == [1 - label for label in LABELS[:6]]


def test_folders_open_again_with_their_split(
    dataset: Dataset, images: np.ndarray, tmp_path: Path, workspace: Workspace
) -> None:
    dataset.table["sample_id"] = ["p 1", "../p2", "p/3.tif", "p4", "p5", "p6", "p7"]
    export_folders(dataset, split_of(SPLIT_SETS), tmp_path / "out")
    files = sorted(file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.png"))
    assert files == [
        *("test/normal/p6.png", "test/tumor/p5.png"),
        *("train/normal/p_1.png", "train/tumor/_p2.png", "train/tumor/p_3.png", "valid/normal/p4.png"),
    ]
    again = open_dataset(DataConfig(dataset="folder", root=str(tmp_path / "out")), workspace)
    assert again.classes == ("normal", "tumor")
    row = again.table["sample_id"].tolist().index("train/tumor/p_3.png")
    assert again.table["split"].iloc[row] == "train"
    np.testing.assert_array_equal(again.read([row])[0], images[2])


def test_folders_without_a_split_hold_all_that_has_a_label(dataset: Dataset, tmp_path: Path) -> None:
    dataset.table.loc[0, "label"] = -1
    export_folders(dataset, None, tmp_path / "out")
    assert sorted(folder.name for folder in (tmp_path / "out").iterdir()) == ["normal", "tumor"]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 6


def test_hostile_class_names_stay_inside_the_folder(dataset: Dataset, tmp_path: Path) -> None:
    dataset.classes = ("../../evil", "<script>")
    export_folders(dataset, None, tmp_path / "deep" / "out")
    made = {file.parent for file in tmp_path.rglob("*.png")}
    assert {folder.parent for folder in made} == {tmp_path / "deep" / "out"}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_table_has_class_names_and_sets(dataset: Dataset, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    export_table(dataset, split_of(SPLIT_SETS), path)
    table = pd.read_csv(path, keep_default_na=False) if suffix == ".csv" else pd.read_parquet(path)
    assert table["label"].tolist() == [dataset.classes[label] for label in LABELS]
    assert table["split"].tolist() == SPLIT_SETS
    assert table["slide_id"].tolist()[2] == ("'=b" if suffix == ".csv" else "=b")
    with pytest.raises(ConfigError, match="is there already"):
        export_table(dataset, None, path)


def test_csv_keeps_negative_numbers_and_disarms_text() -> None:
    table = pd.DataFrame({"name": ["=1+1", "-x", "fine"], "x": [-1.5, 2, 3], "@n": [1, 2, 3]})
    read = pd.read_csv(io.BytesIO(to_csv(table)))
    assert read["name"].tolist() == ["'=1+1", "'-x", "fine"]
    assert read["x"].tolist() == [-1.5, 2, 3]
    assert read.columns.tolist() == ["name", "x", "'@n"]


def test_nothing_is_written_over(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "out", tmp_path / "file"):
        for call in (export_folders, export_pcam):
            with pytest.raises(ConfigError, match="is not empty"):
                call(dataset, split_of(SPLIT_SETS), target)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]
    with pytest.raises(ConfigError, match="no table"):
        export_table(dataset, None, tmp_path / "table.xlsx")


def test_pcam_refuses_what_does_not_fit(
    dataset: Dataset, images: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "read_source", lambda rows: [images[0, :50]] * len(rows))
    with pytest.raises(ConfigError, match="s00000 has 96 x 50 pixels"):
        export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "out")
    dataset.classes = ("a", "b", "c")
    with pytest.raises(ConfigError, match="has 3 classes"):
        export_pcam(dataset, split_of(SPLIT_SETS), tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


def cancel(done: int, total: int) -> None:
    raise CancelledError("stop")


def test_cancelling_and_errors_leave_nothing(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in (export_folders, export_pcam):
        with pytest.raises(CancelledError):
            call(dataset, split_of(SPLIT_SETS), tmp_path / "out", cancel)

    def broken(rows: object) -> None:
        raise CorruptDataError("a.png cannot be decoded.")

    monkeypatch.setattr(dataset, "read_source", broken)
    with pytest.raises(CorruptDataError):
        export_folders(dataset, None, tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


@pytest.mark.parametrize("export", [export_folders, export_pcam])
def test_an_export_is_kept_where_something_was_put_into_its_folder_meanwhile(
    export: Callable[..., None], dataset: Dataset, tmp_path: Path
) -> None:
    target = tmp_path / "out"

    def put(done: int, total: int) -> None:
        target.mkdir(exist_ok=True)
        (target / "notes.txt").write_text("mine")

    with pytest.raises(DataError, match=r"Something was put into .*out while") as caught:
        export(dataset, split_of(SPLIT_SETS), target, put)
    assert [file.name for file in target.iterdir()] == ["notes.txt"]
    (kept,) = (path for path in tmp_path.iterdir() if path != target and path.name.startswith("out"))
    assert str(kept) in str(caught.value)
    export(dataset, split_of(SPLIT_SETS), tmp_path / "again")
    first, second = (sorted(file.relative_to(root) for file in root.rglob("*")) for root in (kept, tmp_path / "again"))
    assert first == second


def test_a_place_that_cannot_be_written_is_named(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="cannot be written"):
        export_folders(dataset, None, tmp_path / "file" / "out")
    with pytest.raises(DataError, match="cannot be written"):
        export_table(dataset, None, tmp_path / "file" / "table.csv")


def test_real_patches_survive_the_round_trip(shared_data: Path, tmp_path: Path, workspace: Workspace) -> None:
    kpcam = open_dataset(DataConfig(dataset="kpcam", root=str(shared_data / "kpcam")), workspace)
    split = make_split(kpcam, SplitConfig(method="random", subset=60))
    export_pcam(kpcam, split, tmp_path / "pcam")
    again = open_dataset(DataConfig(dataset="pcam", root=str(tmp_path / "pcam")), workspace)
    rows = np.concatenate([split.indices(split_set) for split_set in formats.SPLIT_SETS])
    assert again.table["label"].tolist() == kpcam.table["label"].iloc[rows].tolist()
    np.testing.assert_array_equal(again.read(range(len(rows))), np.stack(kpcam.read(rows)))
