"""Looking through a folder that may hold anything."""

from __future__ import annotations

import errno
import inspect
import os
import sys
from pathlib import Path

import pytest

from histo_core.data.formats.walk import Walk


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "root"
    for name in ("b/2.PNG", "b/1.jpg", "b/notes.txt", "b/.hidden.png", "b/deep/3.tiff", "a.tif", "__MACOSX/x.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def test_entries_come_sorted_without_what_no_data_set_means(root: Path) -> None:
    walk = Walk(root)
    assert [walk.place(path) for path in walk.folders(root)] == ["b"]
    assert [walk.place(path) for path in walk.images(root)] == ["a.tif"]
    assert [walk.place(path) for path in walk.images(root / "b")] == ["b/1.jpg", "b/2.PNG"]
    assert [walk.place(path) for path in walk.all_images(root)] == ["a.tif", "b/1.jpg", "b/2.PNG", "b/deep/3.tiff"]
    assert walk.problems == []


def test_images_that_are_not_taken_are_counted_once_a_folder(root: Path) -> None:
    for name in ("b/x.gif", "b/y.AVIF", "b/z.gif", "b/deep/slide.svs"):
        (root / name).write_bytes(b"")
    walk = Walk(root)
    for _ in range(2):
        assert [walk.place(path) for path in walk.all_images(root / "b")] == ["b/1.jpg", "b/2.PNG", "b/deep/3.tiff"]
        walk.leave_images(root, "beside the folders")
        walk.leave_images(root / "b", "here")
    assert [walk.place(path) for path in walk.images(root / "b", (".jpg",))] == ["b/1.jpg"]
    assert walk.problems == [
        ("b", "holds 3 images of a kind that is not read here (.avif, .gif)"),
        ("b/deep", "holds 1 image of a kind that is not read here (.svs)"),
        ("root", "holds 1 image beside the folders, not used"),
        ("b", "holds 5 images here, not used"),
        ("b", "holds 4 images of a kind that is not read here (.avif, .gif, .png)"),
    ]


def test_folders_may_lie_deeper_than_python_recurses(root: Path) -> None:
    image = root.joinpath(*"d" * 200, "1.png")
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    walk, limit = Walk(root), sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 100)
    try:
        found = walk.all_images(root / "d")
    finally:
        sys.setrecursionlimit(limit)
    assert found == [image]
    assert walk.problems == []


def test_a_link_that_cannot_be_read_is_a_problem_of_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "b" / "far.png").symlink_to("1.jpg")
    real = os.readlink

    def readlink(path: str) -> str:
        if str(path).endswith("far.png"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "readlink", readlink)
    walk = Walk(root)
    assert len(walk.images(root / "b")) == 2
    assert walk.problems == [("b/far.png", "is a link that cannot be followed (Permission denied)")]


def test_links_that_turn_in_circles_end(root: Path) -> None:
    (root / "b" / "up").symlink_to(root)
    (root / "b" / "loop.png").symlink_to(root / "b" / "loop.png")
    (root / "b" / "same.png").symlink_to("1.jpg")
    walk = Walk(root)
    found = [walk.place(path) for path in walk.all_images(root / "b")]
    assert found == ["b/1.jpg", "b/2.PNG", "b/same.png", "b/deep/3.tiff"]
    assert walk.problems == [
        ("b/loop.png", "is a link that cannot be followed (Too many levels of symbolic links)"),
        ("b/up", "is a link to a folder, and links are followed to files only"),
    ]


def test_a_problem_is_named_once_however_often_a_folder_is_listed(root: Path) -> None:
    (root / "b" / "out.png").symlink_to(root.parent)
    (root / "b" / os.fsdecode(b"\xff.png")).write_bytes(b"")
    walk = Walk(root)
    for _ in range(3):
        walk.images(root / "b")
        walk.folders(root / "b")
        walk.images(root / "nothing")
    assert walk.problems == [
        ("b/out.png", "is a link that leads out of the data set's folder"),
        ("b/\\xff.png", "has a name that is not UTF-8"),
        ("nothing", "cannot be listed (No such file or directory)"),
    ]
