"""Listing folders within the allowed roots."""

from __future__ import annotations

from pathlib import Path

import pytest

from histo_core.data.browse import browse, nearest
from histo_core.errors import PathNotAllowedError
from histo_core.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders, an image, a file and a link, in the only allowed root beside the workspace."""
    folder = tmp_path / "data"
    (folder / "a" / "inner").mkdir(parents=True)
    (folder / "b").mkdir()
    (folder / "1.png").touch()
    (folder / "notes.txt").touch()
    (folder / "link").symlink_to("/etc")
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", f"{folder}:{folder / 'a'}:{tmp_path / 'gone'}")
    return folder


def test_a_level_lists_folders_and_counts_the_rest(root: Path, workspace: Workspace) -> None:
    level = browse(root, workspace)
    assert (level.folder, level.up, level.folders) == (root, None, (root / "a", root / "b"))
    assert level.note == "2 folders, 1 image, 1 other file. 1 link is not followed."
    assert browse(root / "a", workspace).up == root
    assert browse(root / "notes.txt", workspace).folder == root


def test_the_roots_are_listed_once_and_only_where_they_are(root: Path, workspace: Workspace) -> None:
    workspace.home.mkdir()
    assert browse(None, workspace).folders == (workspace.home, root)


@pytest.mark.parametrize("outside", ["/etc", "link", ".."])
def test_outside_is_refused(outside: str, root: Path, workspace: Workspace) -> None:
    with pytest.raises(PathNotAllowedError):
        browse(root / outside, workspace)
    assert nearest(root / outside, workspace) is None


def test_browsing_begins_at_the_nearest_folder_that_is_there(root: Path, workspace: Workspace) -> None:
    assert nearest(root / "a" / "gone" / "further", workspace) == root / "a"
    assert nearest("  ", workspace) is None
    assert nearest(None, workspace) is None
