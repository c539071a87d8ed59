"""What `histo_core.data.dataset` does for every data set."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from histo_core.config import Config, DataConfig
from histo_core.data.dataset import DATASETS, Dataset, DatasetInfo, Problem
from histo_core.data.opening import open_dataset, prepare_dataset
from histo_core.data.sources.image_files import ImageFilesDataset
from histo_core.errors import BrokenFilesError, CorruptDataError, DataNotFoundError
from histo_core.progress import Progress, silent
from histo_core.workspace import Workspace


class Greys(ImageFilesDataset):
    """PNG files of one folder, of which those named ``bad`` cannot be used."""

    info = DatasetInfo("greys", "", "", "", "")
    decoded = 0

    @classmethod
    def prepare(cls, root: Path | None, options: Config, workspace: Workspace, progress: Progress = silent) -> None:
        del root, options, workspace
        progress(1, 1)

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dataset:
        del options, workspace
        paths = sorted((root or Path()).glob("*.png"))
        good = [path for path in paths if "bad" not in path.stem]
        table = pd.DataFrame({"sample_id": [path.stem for path in good], "label": np.arange(len(good)) % 2})
        bad = [Problem(path.stem, "is called bad") for path in paths if path not in good]
        return cls("greys", table, ("even", "odd"), good, problems=bad)

    def payloads(self, rows: np.ndarray) -> Iterator[tuple[object, bytes]]:
        type(self).decoded += len(rows)
        return super().payloads(rows)


@pytest.fixture
def greys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str]], DataConfig]:
    """Makes the named files and gives the data set's configuration."""
    monkeypatch.setitem(DATASETS._members, "greys", Greys)
    monkeypatch.setattr(Greys, "decoded", 0)
    folder = tmp_path / "greys"
    folder.mkdir()

    def make(names: Sequence[str]) -> DataConfig:
        for level, name in enumerate(names):
            Image.new("RGB", (8, 8), (level, level, level)).save(folder / f"{name}.png")
        return DataConfig(dataset="greys", root=str(folder))

    return make


def _wait_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("histo_core.data.dataset.time.time", lambda: now + 3600)


def test_all_samples_that_cannot_be_used_are_named_at_once(
    greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace
) -> None:
    config = greys(["a", *(f"bad{number}" for number in range(7))])
    with pytest.raises(BrokenFilesError, match=r"7 samples cannot be used: bad0: is called bad;.*and 2 more") as caught:
        open_dataset(config, workspace)
    assert [problem[0] for problem in caught.value.problems] == [f"bad{number}" for number in range(7)]


def test_the_rest_is_used_when_the_user_says_so(
    greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace
) -> None:
    config = greys(["a", "b", "bad"]).model_copy(update={"skip_broken": True})
    assert open_dataset(config, workspace).table["sample_id"].tolist() == ["a", "b"]


def test_the_content_hash_is_read_once_while_the_files_stay_as_they_are(
    greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = greys(["a", "b"])
    _wait_an_hour(monkeypatch)
    first = open_dataset(config, workspace)
    assert first.content_hash == open_dataset(config, workspace).content_hash
    assert Greys.decoded == 2
    greys(["b", "a"])  # the same names with other pixels
    second = open_dataset(config, workspace)
    assert second.state != first.state
    assert second.content_hash != first.content_hash
    assert Greys.decoded == 4


def test_a_hash_of_files_that_have_just_changed_is_not_remembered(
    greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace
) -> None:
    config = greys(["a"])
    assert open_dataset(config, workspace).content_hash == open_dataset(config, workspace).content_hash
    assert Greys.decoded == 2


def test_a_touched_file_changes_the_state_and_not_the_content(
    greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace
) -> None:
    config = greys(["a"])
    before = open_dataset(config, workspace)
    assert before.state
    os.utime(before.sources[0], (0, 0))
    after = open_dataset(config, workspace)
    assert after.state != before.state
    assert after.content_hash == before.content_hash


@pytest.mark.parametrize(
    ("column", "cells"),
    [("patient_id", ["P1", "P2"]), ("slide_id", ["S", None]), ("group", ["1", "1"]), ("scanner", ["x", "y"])],
)
def test_another_column_or_cell_is_another_state_of_the_same_pixels(
    column: str,
    cells: list[str],
    greys: Callable[[Sequence[str]], DataConfig],
    workspace: Workspace,
) -> None:
    config = greys(["a", "b"])
    plain, given, edited = (open_dataset(config, workspace) for _ in range(3))
    given.table[column] = cells
    edited.table[column] = [cells[0], "other"]
    assert len({plain.state, given.state, edited.state}) == 3
    assert plain.pixels_state == given.pixels_state == edited.pixels_state
    assert plain.state == open_dataset(config, workspace).state


@pytest.mark.parametrize("call", [prepare_dataset, open_dataset])
def test_preparing_reports_progress(
    call: Callable[..., object], greys: Callable[[Sequence[str]], DataConfig], workspace: Workspace
) -> None:
    told: list[tuple[int, int]] = []
    call(greys(["a"]), workspace, lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]


@pytest.mark.parametrize("name", ["breakhis", "folder", "idc", "kpcam", "manifest", "neuroblastoma", "pcam"])
def test_a_folder_that_may_not_be_read_is_refused_in_words(
    name: str, tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir()

    def denied(call: Callable[..., object]) -> Callable[..., object]:  # a folder's mode would not keep root out
        def refuse(path: object = ".", *rest: object, **more: object) -> object:
            if str(path).startswith(f"{locked}/") or (path == locked and call is not stat):
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *rest, **more)

        return refuse

    stat = os.stat
    for name_of_call in ("stat", "scandir"):
        monkeypatch.setattr(os, name_of_call, denied(getattr(os, name_of_call)))
    with pytest.raises(DataNotFoundError, match=r"locked.* cannot be (read|reached|listed) \(Permission denied\)"):
        open_dataset(DataConfig(dataset=name, root=str(locked)), workspace)


def test_a_class_that_no_file_can_keep_is_refused_before_anything_is_trained() -> None:
    table = pd.DataFrame({"sample_id": ["a", "b"], "label": [0, 1]})
    with pytest.raises(CorruptDataError, match="Rename the class"):
        Greys("greys", table, ("normal", "nul\0byte"), [])
