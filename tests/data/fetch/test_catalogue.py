"""What can be fetched, and whole data sets of it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from histo_core.config import DataConfig
from histo_core.data.dataset import DATASETS, Problem
from histo_core.data.fetch import catalogue
from histo_core.data.fetch.catalogue import DOWNLOADS, fetch_dataset, unlike_published
from histo_core.data.fetch.http import Download
from histo_core.data.opening import open_dataset
from histo_core.data.sources.pcam_files import pcam_file
from histo_core.errors import ConfigError, CorruptDataError, PathNotAllowedError
from histo_core.progress import Progress
from histo_core.workspace import Workspace


def test_all_that_is_offered_is_a_data_set_with_safe_addresses() -> None:
    assert set(DOWNLOADS) <= set(DATASETS)
    for files in DOWNLOADS.values():
        for file in files:
            assert file.url.startswith("https://")
            assert "/" not in file.name
            assert file.checksum is None or len(file.checksum.removeprefix("md5:")) == 32
    assert len(DOWNLOADS["pcam"]) == 9
    assert DOWNLOADS["pcam"][0].url == (
        "https://zenodo.org/records/2546921/files/camelyonpatch_level_2_split_train_x.h5.gz?download=1"
    )
    assert len({file.checksum for file in DOWNLOADS["pcam"]}) == 9


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Files are copied from ``tmp_path/server`` instead; the names of what was asked for."""
    asked: list[str] = []

    def fetch(download: Download, folder: Path, progress: Progress) -> Path:
        asked.append(download.name)
        folder.mkdir(parents=True, exist_ok=True)
        path = Path(shutil.copy(tmp_path / "server" / download.name, folder))
        progress(path.stat().st_size // 2, path.stat().st_size)
        progress(path.stat().st_size, path.stat().st_size)
        return path

    monkeypatch.setattr(catalogue, "fetch", fetch)
    return asked


def test_the_files_of_a_data_set_are_fetched_with_one_progress(
    pcam_folder: Path, pixels: np.ndarray, tmp_path: Path, workspace: Workspace, fetched: list[str], monkeypatch
) -> None:
    pcam_folder.rename(tmp_path / "server")
    files = sorted((tmp_path / "server").iterdir())
    offered = [Download(file.name, "https://example.org", None, file.stat().st_size) for file in files]
    monkeypatch.setitem(DOWNLOADS, "pcam", tuple(offered))
    steps: list[tuple[int, int]] = []
    root = fetch_dataset("pcam", tmp_path / "data", workspace, lambda *step: steps.append(step))
    assert fetched == [file.name for file in files]
    total = sum(file.stat().st_size for file in files)
    assert steps == sorted(steps)
    assert steps[-1] == (total, total)
    dataset = open_dataset(DataConfig(dataset="pcam", root=str(root)), workspace)
    np.testing.assert_array_equal(dataset.read(range(12)), pixels)


@pytest.fixture
def breakhis(shared_data: Path, tmp_path: Path, fetched: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A server with an archive of 22 images, which are all that were published; the names of what was asked for."""
    (tmp_path / "server").mkdir()
    for file in (shared_data / "breakhis_full").rglob("SOB_*.png"):
        inside = Path("BreaKHis_v1", "histology_slides", *file.parts[file.parts.index("breast") :])
        (tmp_path / "pack" / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "pack" / inside)
    shutil.make_archive(str(tmp_path / "server" / "BreaKHis_v1"), "gztar", tmp_path / "pack")
    monkeypatch.setitem(catalogue._UNPACKED, "BreaKHis_v1.tar.gz", ("SOB_*.png", 22))
    return fetched


def test_breakhis_is_unpacked_where_its_loader_finds_it(
    breakhis: list[str], tmp_path: Path, workspace: Workspace
) -> None:
    for _ in range(2):
        root = fetch_dataset("breakhis", tmp_path / "data", workspace)
    assert breakhis == ["BreaKHis_v1.tar.gz"]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["BreaKHis_v1"]
    assert len(open_dataset(DataConfig(dataset="breakhis", root=str(root)), workspace)) == 22


def test_an_empty_folder_is_no_data_set(breakhis: list[str], tmp_path: Path, workspace: Workspace) -> None:
    (tmp_path / "data" / "BreaKHis_v1").mkdir(parents=True)
    root = fetch_dataset("breakhis", tmp_path / "data", workspace)
    assert breakhis == ["BreaKHis_v1.tar.gz"]
    assert len(open_dataset(DataConfig(dataset="breakhis", root=str(root)), workspace)) == 22


def test_what_is_not_all_there_is_told_and_its_archive_kept(
    breakhis: list[str], tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalogue._UNPACKED, "BreaKHis_v1.tar.gz", ("SOB_*.png", 7_909))
    for _ in range(2):
        with pytest.raises(CorruptDataError, match=r"holds 22 files named .* unpacks to 7,909"):
            fetch_dataset("breakhis", tmp_path / "data", workspace)
    assert breakhis == ["BreaKHis_v1.tar.gz"]
    assert (tmp_path / "data" / "BreaKHis_v1.tar.gz").is_file()


def test_all_archives_say_what_they_hold() -> None:
    archives = {file.name for files in DOWNLOADS.values() for file in files if file.name.endswith(".tar.gz")}
    assert set(catalogue._UNPACKED) == archives
    assert catalogue._UNPACKED["BreaKHis_v1.tar.gz"][1] == 7_909


def test_what_cannot_be_fetched_says_where_to_get_it(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match=r"'kpcam' cannot be fetched.*pcam, breakhis"):
        fetch_dataset("kpcam", tmp_path, workspace)


def test_a_folder_outside_the_allowed_ones_is_refused(workspace: Workspace) -> None:
    with pytest.raises(PathNotAllowedError):
        fetch_dataset("pcam", Path("/etc/pcam"), workspace)


def test_files_that_are_called_as_published_and_are_not_them_are_named(
    pcam_folder: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataConfig(dataset="pcam", root=str(pcam_folder))
    meta, labels = pcam_file("train", "meta.csv"), pcam_file("valid", "y.h5.gz")
    (pcam_folder / labels).write_bytes(b"own")
    files = {name: (pcam_folder / name).read_bytes() for name in (meta, labels)}
    own = {name: f"md5:{hashlib.md5(text, usedforsecurity=False).hexdigest()}" for name, text in files.items()}
    published = {**(DATASETS["pcam"].info.checksums or {}), meta: own[meta]}
    monkeypatch.setattr(DATASETS["pcam"], "info", replace(DATASETS["pcam"].info, checksums=published))
    steps: list[tuple[int, int]] = []
    found = unlike_published(data, workspace, lambda *step: steps.append(step))
    was, expected = own[labels].removeprefix("md5:"), published[labels].removeprefix("md5:")
    assert found == (Problem(labels, f"is not the published file: its md5 is {was}, not {expected}"),)
    total = sum((pcam_folder / name).stat().st_size for name in (meta, labels))
    assert steps[-1] == (total, total)


def test_nothing_is_compared_where_nothing_was_published(class_folder: Path, workspace: Workspace) -> None:
    assert unlike_published(DataConfig(dataset="folder", root=str(class_folder)), workspace) == ()
    assert unlike_published(DataConfig(dataset="phantom"), workspace) == ()
