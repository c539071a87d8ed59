"""The real kinds of job, each once, in a process of its own on a few small images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from waiting import wait_until

from histo_core.config import DataConfig, SplitConfig
from histo_core.data.base import open_dataset
from histo_core.data.check import load_check
from histo_core.data.split import make_split
from histo_core.runs.jobs import Job, find_job, start_job
from histo_core.workspace import Workspace

Params = dict[str, object]


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    """Two classes of twelve noisy images of 32 x 32 pixels."""
    rng = np.random.default_rng(0)
    for name in ("benign", "malignant"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{number}.png")
    return DataConfig(dataset="folder", root=str(tmp_path / "images"))


def _done(kind: str, params: Params, workspace: Workspace) -> Job:
    start_job(kind, params, workspace)

    def now() -> Job:
        job = find_job(kind, params, workspace)
        assert job is not None
        return job

    wait_until(lambda: not now().active, seconds=120)
    assert (now().state, now().error) == ("succeeded", "")
    return now()


def _params(data: DataConfig, **more: object) -> Params:
    return {"data": data.model_dump(mode="json"), **more}


def test_preparing_draws_the_phantom(workspace: Workspace) -> None:
    data = DataConfig(dataset="phantom", options={"patches": 48, "patients": 8})
    assert _done("prepare", _params(data), workspace).total == 48
    assert len(open_dataset(data, workspace)) == 48


def test_a_check_keeps_what_it_found(data: DataConfig, workspace: Workspace) -> None:
    job = _done("check", _params(data), workspace)
    assert (job.done, job.total) == (24, 24)
    assert job.title == "Check of all files: folder (images)"
    check = load_check(open_dataset(data, workspace), workspace)
    assert check is not None
    assert (check.checked, check.problems, dict(check.sizes)) == (24, (), {(32, 32): 24})


def test_a_conversion_is_found_when_the_data_are_opened(data: DataConfig, workspace: Workspace) -> None:
    before = open_dataset(data, workspace)
    _done("convert", _params(data), workspace)
    after = open_dataset(data, workspace)
    assert before.store is None
    assert after.store is not None
    np.testing.assert_array_equal(np.stack(after.read([0, 23])), np.stack(before.read([0, 23])))


def test_an_export_writes_the_parts_of_its_split(data: DataConfig, workspace: Workspace, tmp_path: Path) -> None:
    split = SplitConfig(method="random", seed=3)
    target = tmp_path / "out"
    params = _params(data, split=split.model_dump(mode="json"), layout="folders", target=str(target))
    _done("export", params, workspace)
    dataset = open_dataset(data, workspace)
    parts = make_split(dataset, split).counts(dataset)
    for part in ("train", "valid", "test"):
        for name in dataset.classes:
            assert len(list((target / part / name).glob("*.png"))) == parts.loc[part, name]


def test_an_export_over_files_that_are_there_fails_in_words(
    data: DataConfig, workspace: Workspace, tmp_path: Path
) -> None:
    params = _params(data, layout="folders", target=str(tmp_path / "images"))
    start_job("export", params, workspace)
    wait_until(lambda: not (find_job("export", params, workspace) or pytest.fail("gone")).active, seconds=120)
    job = find_job("export", params, workspace)
    assert job is not None
    assert job.state == "failed"
    assert "is not empty" in job.error
