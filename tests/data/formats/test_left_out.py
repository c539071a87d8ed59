"""What is not read is counted by kind, named by a few, and listed once."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from histo_core.data.formats import left_out
from histo_core.data.formats.left_out import LeftOut, Survey
from histo_core.data.formats.system_names import is_system
from histo_core.data.formats.walk import Walk

FILES = (
    *("a/1.png", "a/2.png", "a/notes.txt", "a/deep/3.png", "a/deep/README"),
    *("b/4.PNG", "b/x.h5", "c/5.tif", "c/6.svs", "c/more/7.tif", "loose.jpg", "table.csv"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "root"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def kinds(found: LeftOut) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {kind.what: (kind.count, kind.names) for kind in found.kinds}


def test_without_a_reader_all_is_left_out(root: Path) -> None:
    found = Survey(root).left_out
    assert found.count == len(FILES)
    assert kinds(found) == {
        "images": (8, ("a/1.png", "a/2.png", "a/deep/3.png", "b/4.PNG", "c/5.tif")),
        ".csv files": (1, ("table.csv",)),
        ".h5 files": (1, ("b/x.h5",)),
        ".txt files": (1, ("a/notes.txt",)),
        "files without a suffix": (1, ("a/deep/README",)),
    }


def test_what_a_walk_takes_is_not_and_what_it_passes_by_is(root: Path) -> None:
    walk = Walk(root)
    walk.folders(root)
    walk.all_images(root / "a")
    walk.images(root / "b")
    survey = walk.survey(files=[root / "table.csv"], images="pictures")
    assert kinds(survey.left_out) == {
        "pictures": (4, ("c/5.tif", "c/6.svs", "c/more/7.tif", "loose.jpg")),
        ".h5 files": (1, ("b/x.h5",)),
        ".txt files": (1, ("a/notes.txt",)),
        "files without a suffix": (1, ("a/deep/README",)),
    }
    assert pickle.loads(pickle.dumps(survey)).left_out == survey.left_out  # noqa: S301  (our own bytes)
    assert str(survey.left_out) == (
        "7 files in the folder are not used: 4 pictures (c/5.tif, c/6.svs, c/more/7.tif, loose.jpg); "
        "1 .h5 file (b/x.h5); 1 .txt file (a/notes.txt); 1 file without a suffix (a/deep/README)."
    )


def test_a_walk_through_one_folder_leaves_the_rest_of_the_root(root: Path) -> None:
    walk = Walk(root / "a")
    walk.all_images(root / "a")
    assert kinds(walk.survey(root).left_out)["images"] == (
        *(5, ("b/4.PNG", "c/5.tif", "c/6.svs", "c/more/7.tif", "loose.jpg")),
    )
    assert kinds(walk.survey(root).left_out)[".txt files"] == (1, ("a/notes.txt",))


def test_each_folder_is_listed_once_and_none_before_it_is_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    scandir = os.scandir

    def counted(path: Path) -> object:
        listed.append(os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    walk = Walk(root)
    for _ in range(2):
        walk.folders(root)
        walk.all_images(root / "a")
        walk.leave_images(root / "a", "here")
        walk.has_images(root / "a")
    survey = walk.survey()
    assert sorted(listed) == [str(root), str(root / "a"), str(root / "a" / "deep")]
    for _ in range(2):
        assert survey.left_out.count == 9
    assert len(listed) == len(set(listed)) == 6


def test_many_files_are_counted_and_a_few_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "many").mkdir()
    for number in range(2000):
        (root / "many" / f"{number:04d}.log").write_bytes(b"")
        if number < 100:
            (root / "many" / f"scan.{number:04d}").write_bytes(b"")
            (root / "many" / f"x.k{number}").write_bytes(b"")
    survey = Walk(root).survey()
    found = kinds(survey.left_out)
    assert found[".log files"] == (2000, tuple(f"many/{number:04d}.log" for number in range(5)))
    assert len(found) <= left_out._MAX_KINDS + 1
    assert len(pickle.dumps(survey)) < 10_000
    assert survey.left_out.whole
    monkeypatch.setattr(left_out, "MAX_FILES", 500)
    some = Survey(root).left_out
    assert not some.whole
    assert 400 < some.count <= 500
    assert str(some).startswith("At least ")


def test_links_to_folders_are_named_and_not_followed(root: Path) -> None:
    (root / "c" / "up").symlink_to(root)
    (root / "c" / "loop").symlink_to(root / "c" / "loop")
    found = kinds(Survey(root).left_out)
    assert found["links to folders"] == (1, ("c/up",))
    assert found["files without a suffix"] == (2, ("a/deep/README", "c/loop"))


def test_folders_that_cannot_be_listed_are_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.fspath(path).endswith("more"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert kinds(Survey(root).left_out)["folders that cannot be listed"] == (1, ("c/more",))


SYSTEM = (
    *("@eaDir", "$RECYCLE.BIN", "$Recycle.Bin", "System Volume Information", "Thumbs.db", "thumbs.DB", "desktop.ini"),
    *("__MACOSX", "._1.png", ".DS_Store", ".ipynb_checkpoints", "#recycle", "@Recycle", "~snapshot", "lost+found"),
    *("Icon\r", "~$labels.xlsx", "@SynoResource", ".git", ".@__thumb", "RECYCLER", "ehthumbs.db"),
)


@pytest.mark.parametrize("name", SYSTEM)
def test_what_systems_leave_is_no_data(name: str, root: Path) -> None:
    assert is_system(name)
    before = Survey(root).left_out
    (root / "a" / name).mkdir()
    (root / "a" / name / "SYNOPHOTO_THUMB_M.jpg").write_bytes(b"")
    walk = Walk(root)
    assert [path.name for path in walk.all_images(root / "a")] == ["1.png", "2.png", "3.png"]
    assert walk.problems == []
    assert Survey(root).left_out == before


@pytest.mark.parametrize("name", ["benign", "@home", "recycle", "macosx", "x.db", "_1.png", "snapshot", "Icon"])
def test_what_users_name_is(name: str) -> None:
    assert not is_system(name)
