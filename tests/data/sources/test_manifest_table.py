"""Images named by a CSV or Parquet file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from histo_core.config import DataConfig, Option
from histo_core.data.base import Dataset, open_dataset
from histo_core.data.sources.manifest_rows import class_names, place
from histo_core.errors import (
    BrokenFilesError,
    ConfigError,
    CorruptDataError,
    DataNotFoundError,
    HistoscopeError,
    UnsafeFileError,
)
from histo_core.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path, pixels: np.ndarray) -> Path:
    """Four images in two folders and a table of them."""
    for row in range(4):
        path = tmp_path / "mine" / f"site {row // 2}" / f"p{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[row]).save(path)
    write(
        tmp_path / "mine",
        "path,label,split,patient_id,x,y,scanner,age,site_code",
        "site 0/p0.png,benign,train,P1,10,20.5,A,61,007",
        "site 0/p1.png,malignant,Val,P1,11,,B,,008",
        "site 1/p2.png,benign,test,P2,12,22,,70,009",
        "site 1/p3.png,malignant,,P3,13,23,A,44,010",
    )
    return tmp_path / "mine"


def write(root: Path, *lines: str) -> None:
    (root / "manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def open_manifest(root: Path, workspace: Workspace, *, skip_broken: bool = False, **options: Option) -> Dataset:
    config = DataConfig(dataset="manifest", root=str(root), options=options, skip_broken=skip_broken)
    return open_dataset(config, workspace)


def test_columns_mean_what_they_mean_everywhere(root: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    dataset = open_manifest(root, workspace)
    table = dataset.table
    assert dataset.classes == ("benign", "malignant")
    assert dataset.positive == "malignant"
    assert table["sample_id"].tolist() == ["site 0/p0.png", "site 0/p1.png", "site 1/p2.png", "site 1/p3.png"]
    assert table["label"].tolist() == [0, 1, 0, 1]
    assert table["label"].dtype == np.int64
    assert table["split"].tolist() == ["train", "valid", "test", ""]
    assert table["patient_id"].tolist() == ["P1", "P1", "P2", "P3"]
    assert table["x"].tolist() == [10, 11, 12, 13]
    assert table["y"].dtype == np.float64
    np.testing.assert_array_equal(table["y"], [20.5, np.nan, 22, 23])
    np.testing.assert_array_equal(table["age"], [61, np.nan, 70, 44])
    assert table["site_code"].tolist() == ["007", "008", "009", "010"]  # zeros in front make a name of it
    assert table["scanner"].isna().tolist() == [False, False, True, False]
    assert "path" not in table
    np.testing.assert_array_equal(np.stack(dataset.read([3, 0])), pixels[[3, 0]])


def test_parquet_is_read_as_it_is_typed(root: Path, workspace: Workspace) -> None:
    table = pd.read_csv(root / "manifest.csv").assign(label=[0.0, 1.0, 0.0, 1.0], sample_id=[7, 8, 9, 10], flag=True)
    table.to_parquet(root / "list.parquet")
    dataset = open_manifest(root, workspace, file="list.parquet", classes="normal, tumour", positive="normal")
    assert dataset.classes == ("normal", "tumour")
    assert dataset.positive == "normal"
    assert dataset.table["sample_id"].tolist() == ["7", "8", "9", "10"]
    assert dataset.table["label"].tolist() == [0, 1, 0, 1]
    assert dataset.table["flag"].tolist() == [True] * 4
    np.testing.assert_array_equal(dataset.table["age"], [61, np.nan, 70, 44])


def test_numbers_are_classes_in_their_order(root: Path, workspace: Workspace) -> None:
    write(root, "path,label", "site 0/p0.png,10", "site 0/p1.png,9", "site 1/p2.png,2.0")
    dataset = open_manifest(root, workspace)
    assert dataset.classes == ("2", "9", "10")
    assert dataset.table["label"].tolist() == [2, 1, 0]


def test_all_rows_that_cannot_be_used_are_named(root: Path, workspace: Workspace) -> None:
    (root.parent / "secret.png").write_bytes(b"")
    (root / "linked.png").symlink_to(root.parent / "secret.png")
    (root / "out").symlink_to(root.parent)
    (root / "folder.png").mkdir()
    (root / "inside.png").symlink_to(root / "site 1" / "p3.png")
    write(
        root,
        "path,label,split,x",
        "site 0/p0.png,0,train,1",
        "inside.png,1,train,2",
        "site 0/p1.png,2,train,3",
        "site 1/p2.png,,train,4",
        "site 1/p3.png,NaN,train,5",
        "../secret.png,1,train,6",
        f"{root.parent}/secret.png,1,train,7",
        "linked.png,1,train,8",
        "out/secret.png,1,train,9",
        "folder.png,1,train,10",
        "manifest.csv,1,train,11",
        "nothing.png,1,train,12",
        "<script>alert(1)</script>.png,1,train,13",
        f"{'a' * 300}.png,1,train,14",
        ",1,train,15",
        "./inside.png,1,dev,16",
        "site 0/../inside.png,1,train,17",
        "site 1//p3.png,1,train,far",
        "site 0/p0.png,1,train,inf",
        "site 0/p0.png,1,test,20",
    )
    with pytest.raises(BrokenFilesError, match="18 samples cannot be used") as caught:
        open_manifest(root, workspace, classes="normal,tumour")
    out, link = (
        "has a path that leads out of the manifest's folder",
        "is a link that leads out of the manifest's folder",
    )
    assert list(caught.value.problems) == [
        ("site 0/p1.png", "has none of the labels normal, tumour: '2'"),
        ("site 1/p2.png", "has none of the labels normal, tumour: ''"),
        ("site 1/p3.png", "has none of the labels normal, tumour: ''"),
        ("../secret.png", out),
        (f"{root.parent}/secret.png", out),
        ("linked.png", link),
        ("out/secret.png", link),
        ("folder.png", "is no file"),
        ("manifest.csv", "is no PNG, JPEG, TIFF, BMP or WebP file by its name"),
        ("nothing.png", "has no file (No such file or directory)"),
        ("<script>alert(1)</script>.png", "has no file (No such file or directory)"),
        (f"{'a' * 300}.png", "has no file (File name too long)"),
        ("row 15", "has no path"),
        ("./inside.png", "has none of the parts train, valid, test: 'dev'"),
        ("site 0/../inside.png", out),
        ("site 1//p3.png", "has no position in x: 'far'"),
        ("site 0/p0.png", "has no position in x: 'inf'"),
        ("site 0/p0.png", "has the id 'site 0/p0.png', which site 0/p0.png has already"),
    ]
    rest = open_manifest(root, workspace, classes="normal,tumour", skip_broken=True)
    assert rest.table["sample_id"].tolist() == ["site 0/p0.png", "inside.png"]


def test_names_are_only_text(root: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    names = ["two words.png", 'it\'s "quoted", with commas.png', "größe_肿瘤_🔬.png", "<b>bold.png", " space.png"]
    for name in names:
        Image.fromarray(pixels[5]).save(root / name)
    pd.DataFrame({"path": names, "label": ["=1+1", "<script>", "größe", "a b", "'"]}).to_csv(root / "manifest.csv")
    dataset = open_manifest(root, workspace)
    assert dataset.table["sample_id"].tolist() == names
    assert dataset.classes == ("'", "<script>", "=1+1", "a b", "größe")
    assert all((image == pixels[5]).all() for image in dataset.read(range(5)))


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", CorruptDataError, "cannot be read as CSV"),
        (b"\xff\xfe\x00", CorruptDataError, "cannot be read as CSV"),
        (b"path,label\na.png,1,\nb.png,2,\n", CorruptDataError, "more cells than its header has names"),
        (b"path,label\na.png,1\nb.png,2,\n", CorruptDataError, "Expected 2 fields in line 3, saw 3"),
        (b"path;label\na.png;1\n", CorruptDataError, "has no column 'path', 'label'.*path;label"),
        (b"path,label\n", CorruptDataError, "has no rows"),
        (b"path,label\nsite 0/p0.png,1\n", CorruptDataError, "1 class cannot be told apart: '1'"),
        (b"path,label\nsite 0/p0.png,\n", CorruptDataError, "0 classes cannot be told apart: none"),
        (b"path,label\nnone.png,1\nnothing.png,0\n", BrokenFilesError, "2 samples.*right folder"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_in_words(
    content: bytes, error: type[HistoscopeError], says: str, root: Path, workspace: Workspace
) -> None:
    (root / "manifest.csv").write_bytes(content)
    with pytest.raises(error, match=says) as caught:
        open_manifest(root, workspace)
    assert caught.value.remedy


def test_options_that_do_not_fit_are_refused_in_words(root: Path, workspace: Workspace) -> None:
    (root / "list.xlsx").write_bytes(b"PK")
    (root / "list.parquet").write_bytes(b"PAR1 and no more PAR1")
    (root / "folder.csv").mkdir()
    for options, error, says in (
        ({"file": "none.csv"}, DataNotFoundError, "There is no"),
        ({"file": "../mine/manifest.csv"}, ConfigError, "is more than a file's name"),
        ({"file": "list.xlsx"}, ConfigError, "is no table"),
        ({"file": "list.parquet"}, CorruptDataError, "cannot be read as Parquet"),
        ({"file": "folder.csv"}, DataNotFoundError, r"folder.csv cannot be opened \(Is a directory\)"),
        ({"file": "a\0b.csv"}, DataNotFoundError, "cannot be reached"),
        ({"positive": "cancer"}, ConfigError, "no class of manifest.csv. Classes: benign, malignant"),
        ({"classes": "a,a"}, CorruptDataError, "2 classes cannot be told apart: 'a', 'a'"),
        ({"classes": "a,,b"}, CorruptDataError, "3 classes cannot"),
    ):
        with pytest.raises(error, match=says) as caught:
            open_manifest(root, workspace, **options)
        assert caught.value.remedy


def test_tables_that_are_too_large_are_not_read(
    root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pd.DataFrame({"path": ["a.png"] * 50, "label": 1}).to_parquet(root / "many.parquet")
    pd.DataFrame({"path": ["a.png"], "label": [[1, 2]]}).to_parquet(root / "nested.parquet")
    with pytest.raises(CorruptDataError, match="lists, records or other values in 'label'"):
        open_manifest(root, workspace, file="nested.parquet")
    monkeypatch.setattr("histo_core.data.sources.manifest_files.MAX_ROWS", 49)
    with pytest.raises(UnsafeFileError, match="holds 50 rows"):
        open_manifest(root, workspace, file="many.parquet")
    monkeypatch.setattr("histo_core.data.formats.csv_table.MAX_BYTES", 10)
    with pytest.raises(UnsafeFileError, match="At most 10 are read"):
        open_manifest(root, workspace)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"note": "x" * 10_000}, r"holds 100 rows and 1,00\d,\d{3} bytes"),
        ({str(number): 0.5 for number in range(200)}, r"holds 100 rows and 16\d,\d{3} bytes"),
    ],
)
def test_what_unpacks_to_much_more_than_it_takes_is_not_read(
    columns: dict[str, object], found: str, root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pd.DataFrame({"path": ["a.png"] * 100, "label": 1} | columns).to_parquet(root / "bomb.parquet")
    monkeypatch.setattr("histo_core.data.sources.manifest_files.MAX_BYTES", 150_000)
    with pytest.raises(UnsafeFileError, match=found):
        open_manifest(root, workspace, file="bomb.parquet")


def test_plain_columns_of_parquet_are_kept(root: Path, workspace: Workspace) -> None:
    table = pd.read_csv(root / "manifest.csv", dtype={"scanner": "category"})
    table = table.assign(none=None, level=pd.Categorical([3, 1, 1, 3]), on=pd.Timestamp("2020-02-01"))
    table.to_parquet(root / "list.parquet", index=False)
    found = open_manifest(root, workspace, file="list.parquet").table
    assert found["scanner"].isna().tolist() == [False, False, True, False]
    assert found["level"].tolist() == [3, 1, 1, 3]
    assert found["none"].isna().all()
    assert found["on"].tolist() == [pd.Timestamp("2020-02-01")] * 4
    twice = pa.table([["site 0/p0.png"], ["a"], ["b"]], names=["path", "label", "label"])
    pq.write_table(twice, root / "twice.parquet")
    with pytest.raises(CorruptDataError, match="has the column 'label' more than once"):
        open_manifest(root, workspace, file="twice.parquet")


def test_labels_are_names_or_numbers_and_never_both(root: Path, workspace: Workspace) -> None:
    write(root, "path,label", "site 0/p0.png,0", "site 0/p1.png,1", "site 1/p2.png,2", "site 1/p3.png,1")
    with pytest.raises(BrokenFilesError, match=r"1 sample .*p0\.png: has none of the labels 1, 2: '0'"):
        open_manifest(root, workspace, classes="1,2")
    assert open_manifest(root, workspace, classes="a,b,c").table["label"].tolist() == [0, 1, 2, 1]
    assert open_manifest(root, workspace, classes="2,1,0").table["label"].tolist() == [2, 1, 0, 1]


def test_a_pipe_is_no_image(root: Path, workspace: Workspace) -> None:
    os.mkfifo(root / "pipe.png")
    write(root, "path,label", "pipe.png,1", "site 0/p0.png,0")
    with pytest.raises(BrokenFilesError, match=r"pipe\.png: is no file"):
        open_manifest(root, workspace)


def test_too_many_classes_are_no_classes() -> None:
    with pytest.raises(CorruptDataError, match=r"1,001 classes cannot be told apart: '0', '1', '2', '3', '4', \.\.\."):
        class_names([str(number) for number in range(1001)], None)
    assert class_names(["b", "10", "9"], None) == ("10", "9", "b")


def test_places_are_finite_numbers() -> None:
    assert place("1e3") == 1000
    assert all(np.isnan(place(cell)) for cell in ("", None, "x", "nan", "-inf", [1]))
