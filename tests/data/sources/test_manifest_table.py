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
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
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
        "site 0/p0.png,0,train,1",
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
        ("./inside.png", "has none of the sets train, valid, test: 'dev'"),
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
        ({"file": "folder.csv"}, DataNotFoundError, r"folder.csv cannot be opened \(it is a folder"),
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
    monkeypatch.setattr("histo_core.data.formats.parquet_table.MAX_ROWS", 49)
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
    monkeypatch.setattr("histo_core.data.formats.parquet_table.MAX_BYTES", 150_000)
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


def test_rows_that_contradict_each_other_are_all_named_whatever_their_order(root: Path, workspace: Workspace) -> None:
    lines = [
        *("site 0/p0.png,a,train,P1", "site 0/p0.png,b,train,P1"),
        *("site 0/p1.png,b,train,P1", "site 0/p1.png,b,test,P2"),
        *("site 1/p2.png,a,test,P3", "site 1/p2.png,a,test,P3"),
        "site 1/p3.png,b,train,P4",
    ]
    for ordered in (lines, lines[::-1]):
        write(root, "path,label,split,patient_id", *ordered)
        rest = open_manifest(root, workspace, skip_broken=True)
        assert sorted(rest.problems) == [
            *[("site 0/p0.png", "stands 2 times with different values of label")] * 2,
            *[("site 0/p1.png", "stands 2 times with different values of split, patient_id")] * 2,
            ("site 1/p2.png", "has the id 'site 1/p2.png', which site 1/p2.png has already"),
        ]
        assert sorted(rest.table["sample_id"]) == ["site 1/p2.png", "site 1/p3.png"]


def test_a_column_twice_is_refused_in_both_kinds_of_table(root: Path, workspace: Workspace) -> None:
    cells = {"path": "site 0/p0.png", "label": "a", "split": "train", "sample_id": "1", "patient_id": "P", "note": "n"}
    for twice in cells:
        names, values = [*cells, twice], [*cells.values(), "other"]
        write(root, ",".join(names), ",".join(values))
        pq.write_table(pa.table([[value] for value in values], names=names), root / "list.parquet")
        for file in ("manifest.csv", "list.parquet"):
            with pytest.raises(
                CorruptDataError, match=rf"{file} has the column '{twice}' more than once\..*Rename one"
            ):
                open_manifest(root, workspace, file=file)
    write(root, "path,label,,", "site 0/p0.png,a,,", "site 0/p1.png,b,,")  # as Excel leaves empty columns
    assert len(open_manifest(root, workspace)) == 2
    (root / "manifest.csv").write_bytes(b'\xef\xbb\xbfpath,"label","label"\nsite 0/p0.png,a,b\n')
    with pytest.raises(CorruptDataError, match="has the column 'label' more than once"):
        open_manifest(root, workspace)


WINDOWS = (
    r"site 0\p0.png",
    r"C:\Users\me\mine\site 0\p1.png",
    r"d:/old/MINE/copy/Mine/site 1/p2.png",
    r"\\server\share\mine\site 1\p3.png",
)


def test_paths_of_windows_are_read_where_the_files_are_there(root: Path, workspace: Workspace) -> None:
    plain = ["site 0/p0.png", "site 0/p1.png", "site 1/p2.png", "site 1/p3.png"]
    write(root, "path,label", *(f"{path},{label}" for path, label in zip(WINDOWS, "abab", strict=True)))
    dataset = open_manifest(root, workspace)
    assert dataset.table["sample_id"].tolist() == plain  # the ids that the same table would have here
    assert dataset.left_out.count == 0
    write(root, "path,label", *(f"{path},{label}" for path, label in zip(plain, "abab", strict=True)))
    assert open_manifest(root, workspace).state == dataset.state


def test_a_name_that_has_a_backslash_is_that_file(root: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    Image.fromarray(pixels[7]).save(root / "site 0\\p0.png")
    write(root, "path,label", r"site 0\p0.png,a", "site 0/p0.png,b")
    dataset = open_manifest(root, workspace)
    assert dataset.table["sample_id"].tolist() == [r"site 0\p0.png", "site 0/p0.png"]
    np.testing.assert_array_equal(dataset.read([0])[0], pixels[7])


def test_paths_of_windows_that_name_nothing_here_say_so(root: Path, workspace: Workspace) -> None:
    (root.parent / "secret.png").write_bytes(b"")
    rows = {
        r"site 9\p0.png": "is a path with backslashes, and 'site 9/p0.png' has no file (No such file or directory)",
        r"C:\other\p0.png": "is a path of a Windows computer that does not lead through 'mine', this folder",
        r"C:\mine\..\secret.png": "is a path with backslashes, and '../secret.png' has a path that leads out of the "
        "manifest's folder",
        r"..\secret.png": "is a path with backslashes, and '../secret.png' has a path that leads out of the "
        "manifest's folder",
        r"C:p0.png": "has no file (No such file or directory)",
    }
    write(root, "path,label", *(f"{path},a" for path in rows), "site 0/p0.png,b")
    with pytest.raises(BrokenFilesError) as caught:
        open_manifest(root, workspace)
    assert dict(caught.value.problems) == rows


def test_images_that_no_row_names_and_other_files_are_counted(
    root: Path, pixels: np.ndarray, workspace: Workspace
) -> None:
    for name in ("loose.png", "site 1/deep/more.jpg", "@eaDir/thumb.png", ".hidden.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[0]).save(root / name)
    (root / "notes.txt").write_text("x")
    (root / "linked").symlink_to(root / "site 1")
    write(root, "path,label", "site 0/p0.png,a", "site 0/p1.png,b", "linked/p2.png,a")
    left = open_manifest(root, workspace).left_out
    assert [(kind.what, kind.count, kind.names) for kind in left.kinds] == [
        ("images that no row of manifest.csv names", 3, ("loose.png", "site 1/deep/more.jpg", "site 1/p3.png")),
        (".txt files", 1, ("notes.txt",)),
    ]
    assert left.whole


def test_labels_that_look_like_one_class_spelled_twice_are_refused(root: Path, workspace: Workspace) -> None:
    write(root, "path,label", "site 0/p0.png,tumor", "site 0/p1.png,Tumour ", "site 1/p2.png,normal")
    with pytest.raises(
        CorruptDataError, match=r"the classes '[tT]umou?r' and 'tumor', which look like one.*alike=true"
    ):
        open_manifest(root, workspace)
    assert open_manifest(root, workspace, alike=True).classes == ("Tumour", "normal", "tumor")


def test_a_table_in_a_folder_of_its_own_name_is_read(root: Path, workspace: Workspace) -> None:
    (root / "manifest.csv").rename(root / "table")
    (root / "manifest.csv").mkdir()
    (root / "table").rename(root / "manifest.csv" / "manifest.csv")
    dataset = open_manifest(root, workspace)
    assert len(dataset) == 4
    assert dataset.left_out.count == 0


def test_the_table_may_be_a_link(root: Path, workspace: Workspace) -> None:
    (root / "manifest.csv").rename(root.parent / "table.csv")
    (root / "manifest.csv").symlink_to(root.parent / "table.csv")
    assert open_manifest(root, workspace).left_out.count == 0
