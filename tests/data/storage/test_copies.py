"""Copies that the workspace keeps: which are of use, and which are removed when asked."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.opening import open_dataset
from histo_core.data.storage.converted import convert
from histo_core.data.storage.copies import find_copies, remove_unused
from histo_core.data.storage.single_process import exclusive
from histo_core.errors import PathNotAllowedError
from histo_core.workspace import Workspace


def test_a_copy_is_used_until_its_source_changes(class_folder: Path, kpcam_folder: Path, workspace: Workspace) -> None:
    assert find_copies(workspace) == ()
    config = DataConfig(dataset="folder", root=str(class_folder))
    first = convert(open_dataset(config, workspace), workspace).folder
    other = convert(open_dataset(DataConfig(dataset="kpcam", root=str(kpcam_folder)), workspace), workspace).folder
    (one, two) = sorted(find_copies(workspace), key=lambda copy: copy.source)
    assert (one.folder, one.source, one.used) == (first, f"folder ({class_folder})", True)
    assert (two.folder, two.source, two.used) == (other, f"kpcam ({kpcam_folder})", True)
    assert one.bytes == sum(file.stat().st_size for file in first.iterdir()) > 6 * 96 * 96 * 3
    Image.new("RGB", (96, 96)).save(class_folder / "benign" / "p0.png")
    assert [copy.folder for copy in find_copies(workspace) if not copy.used] == [first]
    assert [copy.folder for copy in remove_unused(workspace)] == [first]
    assert [copy.folder for copy in find_copies(workspace)] == [other]
    kpcam_folder.rename(kpcam_folder.with_name("away"))
    assert [copy.used for copy in find_copies(workspace)] == [False]


def test_a_copy_is_of_use_whatever_folders_this_process_may_read(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(open_dataset(DataConfig(dataset="folder", root=str(class_folder)), workspace), workspace)
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", str(workspace.home))
    assert [copy.used for copy in find_copies(workspace)] == [True]


def test_a_damaged_copy_is_of_no_use(class_folder: Path, workspace: Workspace) -> None:
    folder = convert(open_dataset(DataConfig(dataset="folder", root=str(class_folder)), workspace), workspace).folder
    (folder / "manifest.json").write_text("{}")
    assert [(copy.source, copy.used) for copy in find_copies(workspace)] == [("unknown", False)]


def test_what_a_killed_conversion_left_is_no_copy_but_one_under_way_is_left_alone(workspace: Workspace) -> None:
    left, held = (workspace.data / "stores" / f".{state}.k1ll3d.part" for state in ("left", "held"))
    for folder in (left, held):
        (folder / "content").mkdir(parents=True)
        (folder / "content" / "pixels.bin").write_bytes(bytes(1000))
    with exclusive(workspace.locks / "convert-held", "A data set is being converted"):
        assert [(copy.folder, copy.bytes) for copy in remove_unused(workspace)] == [(left, 1000)]
    assert held.is_dir()


def test_an_unpacked_file_is_used_until_the_packed_one_changes(pcam_folder: Path, workspace: Workspace) -> None:
    plain = pcam_folder / "camelyonpatch_level_2_split_test_y.h5"
    packed = plain.with_name(f"{plain.name}.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    open_dataset(DataConfig(dataset="pcam", root=str(pcam_folder)), workspace)
    (copy,) = find_copies(workspace)
    assert (copy.source, copy.used) == (str(packed), True)
    packed.unlink()
    assert [each.folder for each in remove_unused(workspace)] == [copy.folder]
    assert not copy.folder.exists()


def test_no_copy_is_useless_because_of_a_setting_that_cannot_be_used(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert(open_dataset(DataConfig(dataset="folder", root=str(class_folder)), workspace), workspace)
    monkeypatch.setenv("HISTOSCOPE_DATA_ROOTS", "")
    with pytest.raises(PathNotAllowedError, match="HISTOSCOPE_DATA_ROOTS"):
        remove_unused(workspace)
