"""The commands on a GPU: train, predict, compare, cancel."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from histo_core.cli.run_options import build_config
from histo_core.data.predictions import read_predictions
from histo_core.runs.api import cancel, launch
from histo_core.runs.devices.devices import devices
from histo_core.runs.store.records import RunStatus
from histo_core.runs.store.runs import Store
from histo_core.workspace import Workspace

pytestmark = pytest.mark.gpu
PHANTOM = ("--dataset", "phantom", "--option", "patches=400", "--option", "patients=10")
WAIT_SECONDS = 120


def used_mib() -> int:
    """GPU memory that is taken, by whomever."""
    told = subprocess.run(
        ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(told.stdout.splitlines()[0])


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_train_predict_and_compare(
    call: Callable, workspace: Workspace, gpu: torch.device, tmp_path: Path, precision: str
) -> None:
    done = call("train", *PHANTOM, "--model", "resnet18", "--epochs", "2", "--set", f"train.precision={precision}")
    assert done.code == 0, done.err
    (run,) = Store.open(workspace).runs()
    assert (run.status, run.device) == (RunStatus.SUCCEEDED, "cuda:0")
    on_gpu = read_predictions(workspace.run_folder(run.run_id) / "predictions.parquet")

    done = call("predict", run.run_id, "--split-set", "test", "--device", "cpu", "--out", f"{tmp_path}/p.csv")
    assert done.code == 0, done.err
    on_cpu = pd.read_csv(tmp_path / "p.csv").set_index("sample_id")
    shared = on_gpu[on_gpu["split"] == "test"].set_index("sample_id")
    assert len(shared) == len(on_cpu) > 0
    np.testing.assert_allclose(shared["prob_tumour"], on_cpu.loc[shared.index, "prob_tumour"], atol=2e-5)
    assert call("compare", run.run_id).code == 0


def test_the_gpu_is_named_and_given_first(workspace: Workspace, gpu: torch.device) -> None:
    first = devices(workspace)[0]
    assert first.name == "cuda:0"
    assert first.title == torch.cuda.get_device_name(gpu)
    assert 0 < first.memory_free <= first.memory_total
    assert first.memory_total == pytest.approx(torch.cuda.get_device_properties(gpu).total_memory, rel=0.05)


def test_a_cancelled_run_gives_the_gpu_back(workspace: Workspace, gpu: torch.device) -> None:
    before = used_mib()
    config = build_config(
        None,
        {
            "data.dataset": "phantom",
            "data.options.patches": 400,
            "model.name": "resnet18",
            "train.epochs": 10_000,
        },
    )
    run = launch(config, workspace)
    store = Store.open(workspace)
    wait(lambda: store.get(run.run_id).progress is not None and used_mib() > before + 200)
    cancel(run.run_id, workspace)
    wait(lambda: store.get(run.run_id).status is RunStatus.CANCELLED)
    wait(lambda: used_mib() <= before + 50)


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT_SECONDS} s"
        time.sleep(0.2)
