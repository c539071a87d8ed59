"""Launching, and what is refused before anything is queued."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from waiting import wait_until

from histo_core.access import User
from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig
from histo_core.errors import (
    ConfigError,
    DataNotFoundError,
    HistoscopeError,
    PermissionDeniedError,
    SplitError,
    UnknownNameError,
)
from histo_core.models.registry import build_network
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.runs import api
from histo_core.runs.api import (
    cancel,
    ensure_supervisor,
    keep_supervised,
    launch,
    launch_many,
    resume,
    supervisor_alive,
)
from histo_core.runs.preflight import check
from histo_core.runs.store.records import OPEN_DEVICE, RunStatus
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.process_identity import ProcessIdentity
from histo_core.workspace import Workspace

PROJECT = Path(__file__).resolve().parents[2]


def test_a_launch_queues_a_run_and_writes_its_configuration(workspace: Workspace, small_run) -> None:
    run = launch(small_run(), workspace, name="first", start_supervisor=False)
    assert (run.status, run.name, run.device, run.attempt) == (RunStatus.QUEUED, "first", "cpu", 1)
    assert run.config_hash == small_run().hash(run.data_hash)
    assert RunConfig.parse(yaml.safe_load((workspace.run_folder(run.run_id) / "config.yaml").read_text())) == run.config
    assert launch(small_run(), workspace, start_supervisor=False) == run


def test_a_full_disk_does_not_keep_a_queued_run_from_being_started(
    workspace: Workspace, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    started: list[Workspace] = []
    monkeypatch.setattr("histo_core.runs.api.write_config", full)
    monkeypatch.setattr("histo_core.runs.api.ensure_supervisor", started.append)
    assert launch(small_run(), workspace).status is RunStatus.QUEUED
    assert started == [workspace]


def test_identical_launches_at_once_give_one_run(workspace: Workspace, small_run) -> None:
    launch(small_run(seed=1), workspace, start_supervisor=False)  # the phantom is drawn
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: launch(small_run(), workspace, start_supervisor=False), range(8)))
    assert len({run.run_id for run in runs}) == 1
    assert len(Store.open(workspace).runs()) == 2


def test_the_name_is_the_models_title_unless_given(workspace: Workspace, small_run) -> None:
    assert launch(small_run(), workspace, start_supervisor=False).name == "Small CNN"


def test_a_data_folder_is_kept_absolute(
    workspace: Workspace, tmp_path: Path, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0)
    for name in ("normal", "tumour"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(12):
            image = pixels.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(image).save(tmp_path / "photos" / name / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    config = small_run().model_copy(update={"data": DataConfig(dataset="folder", root="photos")})
    run = launch(config, workspace, start_supervisor=False)
    assert run.config.data.root == str(tmp_path / "photos")
    assert launch(run.config, workspace, start_supervisor=False) == run


def test_another_file_of_weights_under_the_same_name_is_another_run(workspace: Workspace, small_run) -> None:
    path, config = workspace.home / "mine.safetensors", small_run()
    started = config.model_copy(update={"model": config.model.model_copy(update={"weights": str(path)})})
    runs = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        header = WeightsHeader(
            model=config.model,
            preprocess=config.preprocess,
            input_size=(32, 32),
            classes=("normal", "tumour"),
            positive="tumour",
        )
        digest = save_weights(path, build_network(config.model, 2, (32, 32)), header)
        runs.append(launch(started, workspace, start_supervisor=False))
        assert runs[-1].config.model.weights_sha256 == digest
        started = runs[-1].config  # what was noted for a run does not bind the one that is made from it
    assert runs[0] == runs[1]
    assert runs[1].run_id != runs[2].run_id


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model": {"name": "resnet19"}}, UnknownNameError),
        ({"data": {"dataset": "nosuch"}}, UnknownNameError),
        ({"data": {"dataset": "phantom", "options": {"colour": 3}}}, ConfigError),
        ({"data": {"dataset": "folder", "root": "/nosuch/folder"}}, HistoscopeError),
        ({"model": {"name": "cnn_narrow", "weights": "imagenet"}}, ConfigError),
        ({"model": {"name": "cnn_narrow", "options": {"depth": 3}}}, ConfigError),
        ({"train": {"device": "cuda:9"}}, ConfigError),
        ({"preprocess": {"crop": 500}}, HistoscopeError),
        ({"split": {"valid": 0}}, SplitError),
        ({"split": {"test": 0}, "predict": {"parts": ["test"]}}, ConfigError),
        ({"train": {"device": "cpu", "precision": "16"}}, ConfigError),
        ({"train": {"device": "cpu", "devices": 64}}, HistoscopeError),
    ],
)
def test_what_cannot_be_run_is_refused_and_leaves_nothing(
    workspace: Workspace, small_run, change: dict, error: type[Exception]
) -> None:
    config = RunConfig.parse({**small_run().model_dump(mode="json"), **change})
    with pytest.raises(error):
        launch_many([small_run(), config], workspace)
    assert Store.open(workspace).runs() == []
    assert not workspace.runs.exists()
    assert supervisor_alive(workspace) is None


def test_what_another_machine_may_have_is_not_refused_here(
    workspace: Workspace, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("histo_core.runs.preflight.usable_cores", lambda: 2)
    train = small_run().train.model_copy(update={"devices": 3, "precision": "16"})
    config = small_run().model_copy(update={"train": train})
    with pytest.raises(ConfigError, match="Precision 16"):
        launch(config, workspace)
    with pytest.raises(ConfigError, match="This machine has 2 CPU cores"):
        launch(config.model_copy(update={"train": train.model_copy(update={"precision": "32"})}), workspace)
    assert launch(config, workspace, start_supervisor=False).config.train == train


def test_published_weights_are_left_to_the_worker_and_networks_are_built_once(
    workspace: Workspace, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Building takes no memory, and what has to be downloaded is not."""
    monkeypatch.setattr("histo_core.models.registry.pretrained_tensors", lambda *_: pytest.fail("downloaded"))
    built: list[str] = []

    def counted(model: ModelConfig, *given: Any) -> Any:
        network = build_network(model, *given)
        built.extend({parameter.device.type for parameter in network.parameters()})
        return network

    monkeypatch.setattr("histo_core.runs.preflight.build_network", counted)
    pretrained = ModelConfig(name="resnet18", weights="imagenet")
    configs = [small_run(seed=seed).model_copy(update={"model": pretrained}) for seed in (1, 2)]
    assert len(check([*configs, small_run()], workspace)) == 3
    assert built == ["meta", "meta"]


def test_a_size_at_which_a_symmetry_is_not_exact_is_warned_of(workspace: Workspace, small_run) -> None:
    """The launch goes on; the patches of the phantom have 96 pixels, at which all_gcnn is not exact."""
    config = small_run()
    told: list[str] = []
    for model, crop, expected in (
        ("gcnn_p4", 50, "At 48 or 56"),
        ("gcnn_p4", 48, ""),
        ("all_gcnn", None, "At 94 or 126"),
    ):
        changed = config.model_copy(
            update={
                "model": ModelConfig(name=model, options={"width": 0.01} if model == "all_gcnn" else {}),
                "preprocess": PreprocessConfig(crop=crop),
            }
        )
        told.clear()
        launch(changed, workspace, start_supervisor=False, warn=told.append)
        assert len(told) == bool(expected)
        assert expected in "".join(told)


def test_with_several_gpus_the_choice_is_left_open(
    workspace: Workspace, small_run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    train = small_run().train.model_copy(update={"device": "auto"})
    config = small_run().model_copy(update={"train": train})
    fixed = config.model_copy(update={"train": train.model_copy(update={"device": "cuda:1"})})
    assert [one.device for one in check([config, fixed], workspace)] == [OPEN_DEVICE, "cuda:1"]
    several = config.model_copy(update={"train": train.model_copy(update={"devices": 3})})
    with pytest.raises(ConfigError, match="This machine has 2 devices from cuda:0 on"):
        check([several], workspace)


def test_a_folder_that_is_not_there_is_named(workspace: Workspace, tmp_path: Path, small_run) -> None:
    config = small_run().model_copy(update={"data": DataConfig(dataset="kpcam", root=str(tmp_path / "nosuch"))})
    with pytest.raises(DataNotFoundError, match="nosuch"):
        launch(config, workspace)


def test_a_reader_changes_nothing(workspace: Workspace, small_run) -> None:
    reader = User("ada", "reader")
    run = launch(small_run(), workspace, start_supervisor=False)
    for act in (
        lambda: launch(small_run(seed=1), workspace, user=reader),
        lambda: launch_many([small_run(seed=1)], workspace, user=reader),
        lambda: cancel(run.run_id, workspace, user=reader),
        lambda: resume(run.run_id, workspace, user=reader),
    ):
        with pytest.raises(PermissionDeniedError, match="ada"):
            act()
    assert Store.open(workspace).runs() == [run]


def test_a_waiting_run_is_cancelled_without_a_supervisor(workspace: Workspace, small_run) -> None:
    run = launch(small_run(), workspace, start_supervisor=False)
    assert cancel(run.run_id, workspace).status is RunStatus.CANCELLED
    assert supervisor_alive(workspace) is None


def test_one_supervisor_is_started_by_many(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, started = api.start_detached, []
    monkeypatch.setattr(api, "start_detached", lambda *given, **named: started.append(plain(*given, **named)))
    with ThreadPoolExecutor(4) as pool:
        pids = set(pool.map(lambda _: ensure_supervisor(workspace), range(4)))
    assert len(pids) == 1
    assert len(started) == 1, "the others wait for it"
    pid = pids.pop()
    assert ensure_supervisor(workspace) == supervisor_alive(workspace) == pid
    assert os.getsid(pid) == pid, "a session of its own"
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: supervisor_alive(workspace) != pid)  # another that was started at once may take its place
    assert ensure_supervisor(workspace) != pid


def test_a_run_whose_worker_and_supervisor_both_died_is_noticed(workspace: Workspace, store: Store, enqueue) -> None:
    keep_supervised(workspace)
    assert supervisor_alive(workspace) is None, "nothing is active"
    gone = replace(ProcessIdentity.current(), started=1.0)
    run = store.claim(enqueue().run_id, gone)
    keep_supervised(workspace)
    assert supervisor_alive(workspace) is not None
    wait_until(lambda: store.get(run.run_id).status is RunStatus.INTERRUPTED)


SERVER = """
import sys, time
from histo_core.runs.api import ensure_supervisor
from histo_core.workspace import Workspace
print(ensure_supervisor(Workspace.default()), flush=True)
time.sleep(600)
"""


def test_a_run_outlives_the_server_that_started_its_supervisor(workspace: Workspace, small_run) -> None:
    """The real thing: server, supervisor, worker. The server's whole process group is killed."""
    run_id = launch(small_run(), workspace, start_supervisor=False).run_id
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert server.stdout is not None
    supervisor = int(server.stdout.readline())
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    store = Store.open(workspace)
    wait_until(lambda: not store.get(run_id).status.active, seconds=180)
    assert (store.get(run_id).status, store.get(run_id).reason) == (RunStatus.SUCCEEDED, "")
    assert supervisor_alive(workspace) == supervisor
