"""Converting a data set: once, whole or not at all, and found again."""

from __future__ import annotations

import errno
from collections import namedtuple
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from histo_core.config import DataConfig
from histo_core.data.dataset import Dataset
from histo_core.data.opening import open_dataset
from histo_core.data.storage import converted
from histo_core.data.storage.converted import convert, converted_bytes, find_converted, worth_converting
from histo_core.data.storage.memmap import MemmapPatches
from histo_core.data.storage.single_process import exclusive
from histo_core.errors import CancelledError, ConfigError, CorruptDataError, DataError
from histo_core.workspace import Workspace


def opened(folder: Path, workspace: Workspace, dataset: str = "folder", **options: object) -> Dataset:
    return open_dataset(DataConfig(dataset=dataset, root=str(folder), options=options), workspace)


def stores(workspace: Workspace) -> list[Path]:
    folder = workspace.data / "stores"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def test_a_converted_data_set_reads_the_same_pixels(class_folder: Path, workspace: Workspace) -> None:
    dataset = opened(class_folder, workspace)
    assert worth_converting(dataset)
    assert find_converted(dataset, workspace) is None
    expected = np.stack(dataset.read([5, 0, 3]))
    store = convert(dataset, workspace)
    np.testing.assert_array_equal(store.read([5, 0, 3]), expected)
    assert converted_bytes(dataset) == store.bytes == 6 * 96 * 96 * 3
    again = opened(class_folder, workspace)
    assert isinstance(again.converted, MemmapPatches)
    np.testing.assert_array_equal(again.read([5, 0, 3]), expected)
    assert again.content_hash == dataset.content_hash


def test_the_kept_copy_is_returned_without_work(class_folder: Path, workspace: Workspace) -> None:
    dataset = opened(class_folder, workspace)
    folder, steps = convert(dataset, workspace).folder, []
    assert convert(dataset, workspace, lambda *step: steps.append(step)).folder == folder
    assert steps == []


def test_a_changed_file_makes_the_copy_count_no_more(class_folder: Path, workspace: Workspace) -> None:
    convert(opened(class_folder, workspace), workspace)
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(class_folder / "benign" / "p0.png")
    changed = opened(class_folder, workspace)
    assert changed.converted is None
    assert changed.read([0])[0].shape == (20, 30, 3)
    assert [patch.shape for patch in convert(changed, workspace).read([0, 1])] == [(20, 30, 3), (96, 96, 3)]


def test_a_damaged_copy_is_passed_over_and_replaced(
    class_folder: Path, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = opened(class_folder, workspace)
    folder = convert(dataset, workspace).folder
    (folder / "pixels.bin").write_bytes(b"cut")
    assert find_converted(dataset, workspace) is None
    assert "another size" in caplog.text
    np.testing.assert_array_equal(convert(dataset, workspace).read([2]), dataset.read([2]))


def test_cancelling_leaves_nothing(class_folder: Path, workspace: Workspace) -> None:
    def cancel(done: int, total: int) -> None:
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        convert(opened(class_folder, workspace), workspace, cancel)
    assert stores(workspace) == []


def test_a_broken_image_is_named_and_leaves_nothing(class_folder: Path, workspace: Workspace) -> None:
    dataset = opened(class_folder, workspace)
    (class_folder / "malignant" / "p4.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(CorruptDataError, match=r"p4\.png"):
        convert(dataset, workspace)
    assert stores(workspace) == []


def test_what_a_killed_process_left_is_removed(class_folder: Path, workspace: Workspace) -> None:
    dataset = opened(class_folder, workspace)
    leftover = workspace.data / "stores" / f".{dataset.pixels_state}.k1ll3d.part" / "content"
    leftover.mkdir(parents=True)
    (leftover / "pixels.bin").write_bytes(b"half")
    folder = convert(dataset, workspace).folder
    assert stores(workspace) == [folder]


def test_other_patients_of_the_same_pixels_have_the_same_copy(class_folder: Path, workspace: Workspace) -> None:
    folder = convert(opened(class_folder, workspace), workspace).folder
    store = opened(class_folder, workspace, patient_pattern=r"p(\d)").converted
    assert store is not None
    assert store.folder == folder


def test_two_processes_do_not_convert_the_same(class_folder: Path, workspace: Workspace) -> None:
    dataset = opened(class_folder, workspace)
    with (
        exclusive(workspace.locks / f"convert-{dataset.pixels_state}", "Data set 'folder' is being converted"),
        pytest.raises(DataError, match="is being converted by another process"),
    ):
        convert(dataset, workspace)


def test_free_space_is_looked_at_first(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(converted.shutil, "disk_usage", lambda path: usage(10**9, 10**9, 1000))
    with pytest.raises(DataError, match=r"too little free space.*takes 0 MB.*Make room"):
        convert(opened(class_folder, workspace), workspace)
    assert stores(workspace) == []


def test_a_disk_that_fills_meanwhile_is_an_error_in_words(
    class_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(converted, "write_memmap", full)
    with pytest.raises(DataError, match=r"cannot be written to .No space left on device"):
        convert(opened(class_folder, workspace), workspace)
    assert stores(workspace) == []


def test_mapped_and_drawn_data_are_not_copied(pcam_folder: Path, workspace: Workspace) -> None:
    drawn = open_dataset(DataConfig(options={"patches": 40, "patients": 8}), workspace)
    for dataset in (opened(pcam_folder, workspace, "pcam"), drawn):
        assert not worth_converting(dataset)
        with pytest.raises(ConfigError, match="gains nothing"):
            convert(dataset, workspace)


def test_compressed_hdf5_is_worth_it(pcam_folder: Path, pixels: np.ndarray, workspace: Workspace) -> None:
    with h5py.File(pcam_folder / "camelyonpatch_level_2_split_train_x.h5", "w") as file:
        file.create_dataset("x", data=pixels[:8], chunks=(3, 96, 96, 3), compression="gzip")
    dataset = opened(pcam_folder, workspace, "pcam")
    assert worth_converting(dataset)
    np.testing.assert_array_equal(convert(dataset, workspace).read(range(12)), pixels)
