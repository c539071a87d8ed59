"""What ``data check`` says of whole and of broken data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from histo_core.cli import data_check, options, train
from histo_core.config import RunConfig
from histo_core.recommendation.choice import Recommendation
from histo_core.recommendation.recipe import with_choices

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Class folders with twenty patches each, one of them smaller."""
    for kind in ("benign", "malignant"):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        for number in range(20):
            side = 16 if (kind, number) == ("benign", 3) else 24
            image = Image.fromarray(RNG.integers(0, 256, (24, side, 3), dtype=np.uint8))
            image.save(tmp_path / "mine" / kind / f"P{number:02d}_1.png")
    return tmp_path / "mine"


def test_a_whole_data_set_is_counted_and_judged(call, folder: Path) -> None:
    option = ("--option", r"patient_pattern=/(P\d+)_")
    done = call("data", "check", "--dataset", "folder", "--root", str(folder), *option)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:3] == [
        "40 patches, classes: benign, malignant",
        "20 patients",
        "39 of 24 x 24 pixels; 1 of other sizes (1 of 16 x 24)",
    ]
    assert lines[3] == "No problems: every sample can be used."
    assert lines[4].split() == ["split", "benign", "malignant", "patients"]
    assert lines[5].split() == ["train", "12", "12", "12"]
    assert "Split by patient: 5 of 20 patients are held out for test." in lines
    assert lines[-1].startswith("No patient is on both sides")


def break_some(folder: Path) -> None:
    for number in range(4, 29):
        (folder / "benign" / f"P{number:02d}_1.png").write_bytes(b"")
    (folder / "unsure [bold]").mkdir()


@pytest.mark.parametrize("most", [1000, 20])
def test_every_problem_counts_and_is_shown_up_to_a_limit(
    call, folder: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_some(folder)
    assert data_check._PROBLEMS_SHOWN == 1000
    monkeypatch.setattr(data_check, "_PROBLEMS_SHOWN", most)
    done = call("data", "check", "--dataset", "folder", "--root", str(folder))
    assert done.code == 2
    lines = done.out.splitlines()
    assert lines[2] == "26 samples cannot be used:"
    assert lines[3] == "  unsure [bold]: is a class folder without images (PNG, JPEG, TIFF, BMP or WebP)"
    assert lines[4] == "  benign/P04_1.png: is empty (0 bytes)"
    assert lines[-1] == ("  ... and 6 more" if most == 20 else "  benign/P28_1.png: is empty (0 bytes)")
    assert len(lines) == 3 + (20 + 1 if most == 20 else 26)
    assert done.err.startswith("Error: 26 samples cannot be used: ")
    assert "go on with the rest: --skip-broken" in done.err


def test_the_rest_is_used_when_told(call, folder: Path) -> None:
    break_some(folder)
    done = call("data", "check", "--dataset", "folder", "--root", str(folder), "--skip-broken")
    assert (done.code, done.err) == (0, "")
    assert "24 patches, classes: benign, malignant" in done.out
    assert "26 samples are left out:" in done.out
    assert "Split at random: " in done.out
    assert done.out.splitlines()[3 + 26 + 2].split()[-1] == "unknown"


def test_where_nothing_is_left_all_is_named(call, folder: Path) -> None:
    for image in folder.glob("*/*.png"):
        image.write_bytes(b"")
    for flags in ((), ("--skip-broken",)):
        done = call("data", "check", "--dataset", "folder", "--root", str(folder), *flags)
        assert done.code == 2
        assert done.out.splitlines()[0] == "40 samples cannot be used:"
        assert len(done.out.splitlines()) == 1 + 40
        assert "No sample is left" in done.err


def test_patches_without_labels_are_counted_only(call, tmp_path: Path) -> None:
    (tmp_path / "kaggle" / "test").mkdir(parents=True)
    Image.new("RGB", (96, 96)).save(tmp_path / "kaggle" / "test" / "a.tif")
    done = call("data", "check", "--dataset", "kpcam", "--root", str(tmp_path / "kaggle"), "--option", "part=test")
    assert done.code == 0
    assert done.out.splitlines() == [
        "1 patch, classes: normal, tumour",
        "1 of 96 x 96 pixels",
        "The published set has: train 220,025, test 57,458",
        "No problems: every sample can be used.",
        "No patch has a label, so there is nothing to split.",
    ]


def test_what_is_not_read_is_told(call, folder: Path) -> None:
    for name in ("notes.txt", "benign/list.csv", "benign/deep/b.csv", "Thumbs.db", ".hidden"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    done = call("data", "check", "--dataset", "folder", "--root", str(folder))
    assert done.code == 0
    kinds = "2 .csv files (benign/deep/b.csv, benign/list.csv); 1 .txt file (notes.txt)"
    said = f"3 files in the folder are not used: {kinds}."
    assert done.out.splitlines().count(said) == 1
    (folder / "unsure").mkdir()
    done = call("data", "check", "--dataset", "folder", "--root", str(folder))
    assert done.code == 2
    assert said in done.out


def test_alike_class_names_are_refused_until_they_are_meant(call, folder: Path) -> None:
    (folder / "benign").rename(folder / "Malignant ")
    done = call("data", "check", "--dataset", "folder", "--root", str(folder))
    assert done.code == 2
    assert "'Malignant ' and 'malignant', which look like one class spelled twice" in done.err
    assert "--option alike=true" in done.err
    done = call("data", "check", "--dataset", "folder", "--root", str(folder), "--option", "alike=true")
    assert done.code == 0
    assert done.out.startswith("40 patches, classes: Malignant , malignant")


def images(*names: str) -> Callable[[Path], None]:
    """Make a folder of noise images; their names are paths."""

    def make(root: Path) -> None:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(RNG.integers(0, 256, (96, 96, 3), dtype=np.uint8)).save(root / name)

    return make


def written(make: Callable[[Path], None], **texts: str) -> Callable[[Path], None]:
    """The same with text files; two underscores in a name stand for its dot."""

    def all_of_it(root: Path) -> None:
        make(root)
        for name, text in texts.items():
            (root / name.replace("__", ".")).write_text(text)

    return all_of_it


def broken(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """The same with every image cut to its first bytes."""

    def all_of_it(root: Path) -> None:
        make(root)
        for image in [*root.rglob("*.png"), *root.rglob("*.tif")]:
            image.write_bytes(image.read_bytes()[:60])

    return all_of_it


def hdf5(labels: object, split_set: str = "train", key: str = "y") -> Callable[[Path], None]:
    def make(root: Path) -> None:
        count = np.shape(labels)[0] if np.ndim(labels) else 0
        with h5py.File(root / f"camelyonpatch_level_2_split_{split_set}_x.h5", "w") as file:
            file["x"] = RNG.integers(0, 256, (count, 96, 96, 3), dtype=np.uint8)
        with h5py.File(root / f"camelyonpatch_level_2_split_{split_set}_y.h5", "w") as file:
            file[key] = labels

    return make


def nothing(root: Path) -> None:
    del root


KAGGLE, CLASSES = images("train/a.tif", "train/b.tif"), images("a/1.png", "b/2.png")
IDC = images("9/0/9_idx5_x1_y1_class0.png", "9/1/9_idx5_x1_y51_class1.png")
BREAKHIS = images("benign/SOB_B_F-14-1-40-001.png", "malignant/SOB_M_DC-14-2-40-001.png")
BAD = (
    *((name, nothing) for name in ("breakhis", "folder", "idc", "kpcam", "manifest", "neuroblastoma", "pcam")),
    # Not one row that can be used.
    ("kpcam", written(KAGGLE, train_labels__csv="id,label\na,normal\nb,tumour\n")),
    ("kpcam", written(KAGGLE, train_labels__csv="id,label\na,\nb,\n")),
    ("kpcam", written(KAGGLE, train_labels__csv="id,label\na,0\na,1\nb,0\nb,1\n")),
    ("kpcam", written(KAGGLE, train_labels__csv="id,label,label\na,0,1\nb,1,0\n")),
    ("kpcam", written(broken(KAGGLE), train_labels__csv="id,label\na,0\nb,1\n")),
    ("manifest", written(CLASSES, manifest__csv="path,label\na/1.png,\nb/2.png,\n")),
    ("manifest", written(CLASSES, manifest__csv="path,label\nx.png,a\ny.png,b\n")),
    ("manifest", written(CLASSES, manifest__csv="path,label\na/1.png,a\na/1.png,b\n")),
    ("manifest", written(broken(CLASSES), manifest__csv="path,label\na/1.png,a\nb/2.png,b\n")),
    ("folder", broken(CLASSES)),
    ("folder", images("a/1.png", "A/2.png")),
    ("folder", images("1.png", "2.png")),
    ("folder", written(nothing, notes__txt="x")),
    ("neuroblastoma", images("benign/1.png", "malignant/2.png")),
    ("neuroblastoma", broken(images("GN/1.png", "GNB/2.png"))),
    ("idc", broken(IDC)),
    ("idc", images("9/0/x.png", "9/2/9_idx5_x1_y51_class2.png")),
    ("breakhis", broken(BREAKHIS)),
    ("breakhis", images("benign/x.png", "malignant/y.png")),
    ("pcam", hdf5(np.zeros((0, 1, 1, 1), np.uint8))),
    ("pcam", hdf5(np.full((4, 1, 1, 1), 7, np.uint8))),
    ("pcam", hdf5(np.full(4, np.nan))),
    ("pcam", hdf5(np.zeros((4, 2)))),
    ("pcam", hdf5(np.zeros(4), split_set="extra")),
    ("pcam", hdf5(np.zeros(4), key="labels")),
    # Too little to divide.
    ("folder", CLASSES),
    ("pcam", hdf5(np.array([0]), split_set="test")),
)
FEW = (
    # One class alone, or no label at all; there is something to say of it.
    ("kpcam", written(KAGGLE, train_labels__csv="id,label\nz,0\n"), ("--skip-broken",)),
    ("kpcam", images("test/a.tif"), ("--option", "part=test")),
    ("pcam", hdf5(np.zeros(40)), ()),
)


@pytest.mark.parametrize("skip", [(), ("--skip-broken",)])
@pytest.mark.parametrize(("dataset", "make"), BAD)
def test_whatever_is_wrong_is_told_in_words(
    call, tmp_path: Path, dataset: str, make: Callable[[Path], None], skip: tuple[str, ...]
) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    make(root)
    done = call("data", "check", "--dataset", dataset, "--root", str(root), *skip)
    assert done.code == 2
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err + done.out


@pytest.mark.parametrize(("dataset", "make", "flags"), FEW)
def test_what_has_no_label_or_one_class_is_counted(
    call, tmp_path: Path, dataset: str, make: Callable[[Path], None], flags: tuple[str, ...]
) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    make(root)
    done = call("data", "check", "--dataset", dataset, "--root", str(root), *flags)
    assert (done.code, done.err) == (0, "")
    assert "patch" in done.out.splitlines()[0]


def test_the_flag_reaches_the_configuration(call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert options.data_config("folder", "x", None, skip_broken=True).skip_broken
    launched: list[RunConfig] = []

    def launch(config: RunConfig, *others: object, **more: object) -> None:
        launched.append(config)
        raise SystemExit(0)

    def recommend(base: RunConfig, given: dict[str, Any], *_: object, **__: object) -> Recommendation:
        return Recommendation(with_choices(base, (), given), (), 0.0)

    monkeypatch.setattr(train, "launch", launch)
    monkeypatch.setattr("histo_core.recommendation.api.recommend_run", recommend)
    for flags in (("--skip-broken",), ()):
        call("train", "--dataset", "kpcam", "--root", "x", *flags)
    assert [config.data.skip_broken for config in launched] == [True, False]


@pytest.mark.parametrize(
    ("dataset", "folder", "says"),
    [
        ("kpcam", "kpcam", "600 patches"),
        ("breakhis", "breakhis_full", "18 patients, 18 slides, 15 groups"),
        ("breakhis", "breakhis_224", "33 patients, 33 slides, 30 groups"),
        ("idc", "idc", "2,522 of 50 x 50 pixels; 16 of other sizes"),
        ("folder", "nct_crc_he", "45 of 224 x 224 pixels"),
        ("folder", "kather_2016", "24 of 150 x 150 pixels"),
    ],
)
def test_real_data_sets_are_usable(call, shared_data: Path, dataset: str, folder: str, says: str) -> None:
    done = call("data", "check", "--dataset", dataset, "--root", str(shared_data / folder))
    assert (done.code, done.err) == (0, "")
    assert says in done.out
    assert "left out" not in done.out


def test_what_our_exporter_writes_from_real_patches_is_whole(call, shared_data: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "pcam"), "--as", "pcam", "--subset", "160")
    done = call("data", "export", "--dataset", "folder", "--root", str(shared_data / "pcam_jpeg"), *out)
    assert done.code == 0, done.err
    done = call("data", "check", "--dataset", "pcam", "--root", str(tmp_path / "pcam"))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:2] == ["160 patches, classes: normal, tumour", "160 of 96 x 96 pixels"]
    assert "No problems: every sample can be used." in lines
    # Of 8,000 patches in sets of 6,000, 1,000 and 1,000 with even classes.
    split_sets = {
        line.split()[0]: line.split()[1:3] for line in lines if line.startswith(("train ", "valid ", "test "))
    }
    assert split_sets == {"train": ["60", "60"], "valid": ["10", "10"], "test": ["10", "10"]}
