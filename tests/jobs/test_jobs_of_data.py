"""The real kinds of job, each once, in a process of its own on a few small images."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from image_folders import image_folders
from waiting import wait_until

from histo_core.auditing.embedding.layout import load_map
from histo_core.auditing.report import load_audit
from histo_core.config import DataConfig, SplitConfig
from histo_core.data.integrity import stored_check
from histo_core.data.opening import open_dataset
from histo_core.data.splits.make_split import make_split
from histo_core.errors import CancelledError, ConfigError
from histo_core.jobs.api import Job, find_job, start_job
from histo_core.jobs.kinds import JOBS, parse_params
from histo_core.workspace import Workspace

Params = dict[str, object]


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    """Two classes of twelve noisy images of 32 x 32 pixels."""
    root = image_folders(tmp_path / "images", {"benign": 12, "malignant": 12})
    return DataConfig(dataset="folder", root=str(root))


def _ended(kind: str, params: Params, workspace: Workspace) -> Job:
    start_job(kind, params, workspace)

    def now() -> Job:
        job = find_job(kind, params, workspace)
        assert job is not None
        return job

    wait_until(lambda: not now().active, seconds=120)
    return now()


def _done(kind: str, params: Params, workspace: Workspace) -> Job:
    job = _ended(kind, params, workspace)
    assert (job.state, job.error) == ("succeeded", "")
    return job


def _failed(kind: str, params: Params, workspace: Workspace) -> Job:
    job = _ended(kind, params, workspace)
    assert job.state == "failed"
    return job


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
    check = stored_check(open_dataset(data, workspace), workspace)
    assert check is not None
    assert (check.checked, check.problems, dict(check.sizes)) == (24, (), {(32, 32): 24})


@pytest.mark.parametrize("kind", ["check", "convert", "audit", "map", "export"])
def test_looking_for_broken_files_can_be_stopped(
    kind: str, data: DataConfig, workspace: Workspace, tmp_path: Path
) -> None:
    whole = {"layout": "folders", "target": str(tmp_path / "out")} if kind == "export" else {}
    params = parse_params(kind, _params(data.model_copy(update={"skip_broken": True}), **whole))

    def stop(done: int, total: int) -> None:
        assert (done, total) == (24, 24)
        raise CancelledError("stop")

    with pytest.raises(CancelledError):
        JOBS[kind].run(params, workspace, stop)
    assert not (workspace.data / "checks").exists()


def test_a_conversion_is_found_when_the_data_are_opened(data: DataConfig, workspace: Workspace) -> None:
    before = open_dataset(data, workspace)
    _done("convert", _params(data), workspace)
    after = open_dataset(data, workspace)
    assert before.converted is None
    assert after.converted is not None
    np.testing.assert_array_equal(np.stack(after.read([0, 23])), np.stack(before.read([0, 23])))


def test_an_export_writes_the_sets_of_its_split(data: DataConfig, workspace: Workspace, tmp_path: Path) -> None:
    split = SplitConfig(method="random", seed=3)
    target = tmp_path / "out"
    params = _params(data, split=split.model_dump(mode="json"), layout="folders", target=str(target))
    _done("export", params, workspace)
    dataset = open_dataset(data, workspace)
    split_sets = make_split(dataset, split).counts(dataset)
    for split_set in ("train", "valid", "test"):
        for name in dataset.classes:
            assert len(list((target / split_set / name).glob("*.png"))) == split_sets.loc[split_set, name]


def test_an_export_over_files_that_are_there_fails_in_words(
    data: DataConfig, workspace: Workspace, tmp_path: Path
) -> None:
    params = _params(data, layout="folders", target=str(tmp_path / "images"))
    job = _failed("export", params, workspace)
    assert "is not empty" in job.error


def test_what_cannot_be_downloaded_fails_in_words(workspace: Workspace, tmp_path: Path) -> None:
    job = _failed("download", {"dataset": "kpcam", "folder": str(tmp_path / "a" / "new")}, workspace)
    assert "'kpcam' cannot be fetched from here" in job.error


def test_an_audit_is_found_by_its_split(data: DataConfig, workspace: Workspace) -> None:
    split = SplitConfig(method="random")
    _done("audit", _params(data, split=split.model_dump(mode="json")), workspace)
    dataset = open_dataset(data, workspace)
    report = load_audit(dataset, make_split(dataset, split), workspace)
    assert report is not None
    assert report.checked == 24
    assert load_audit(dataset, make_split(dataset, SplitConfig(method="random", seed=1)), workspace) is None


def test_an_audit_against_another_data_set_is_one_of_its_own(
    data: DataConfig, workspace: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(tmp_path / "images", tmp_path / "again")
    other = data.model_copy(update={"root": str(tmp_path / "again")})
    split = SplitConfig(method="random")
    params = _params(data, split=split.model_dump(mode="json"), other=other.model_dump(mode="json"))
    _done("audit", params, workspace)
    dataset = open_dataset(data, workspace)
    made = make_split(dataset, split)
    assert load_audit(dataset, made, workspace) is None
    assert load_audit(dataset, made, workspace, other=open_dataset(other, workspace)) is not None


@pytest.mark.slow  # UMAP is compiled first, which takes most of a minute
def test_a_map_is_found_by_its_features(data: DataConfig, workspace: Workspace) -> None:
    _done("map", _params(data, features="colour"), workspace)
    found = load_map(open_dataset(data, workspace), "colour", workspace)
    assert found is not None
    assert found.xy.shape == (24, 2)


@pytest.mark.parametrize("root", ["", " "])
def test_an_empty_folder_is_not_the_one_that_the_server_works_in(workspace: Workspace, root: str) -> None:
    with pytest.raises(ConfigError, match="an empty path names no file and no folder"):
        start_job("check", {"data": {"dataset": "folder", "root": root}}, workspace)
