"""What a run costs: counted from its network and its log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from histo_core.config import RunConfig
from histo_core.runs.api import launch
from histo_core.runs.run_cost import RunCost, run_cost
from histo_core.training.events import EpochDone, Started, to_json
from histo_core.workspace import Workspace

CONFIG = {
    "data": {"dataset": "phantom", "options": {"patches": 80, "patients": 8}},
    "model": {"name": "cnn_narrow"},
    "preprocess": {"crop": 32},
    "train": {"epochs": 2, "device": "cpu"},
}


def test_time_and_speed_are_of_all_epochs(tmp_path: Path) -> None:
    from histo_core.models.registry import build_network

    workspace = Workspace(tmp_path)
    run = launch(RunConfig.parse(CONFIG), workspace, start_supervisor=False)
    parameters = sum(one.numel() for one in build_network(run.config.model, 2, (32, 32)).parameters())
    assert run_cost(run, 2, workspace) == RunCost(parameters, None, None, run.device)
    started = Started(0, 0, 2, 4, 50, 10, "cpu", 1)
    epochs = [EpochDone(i, 0.5, 0.5, 0.7, 0.8, seconds, best=True) for i, seconds in enumerate((3.0, 2.0))]
    folder = workspace.run_folder(run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [to_json(one) for one in (started, epochs[0], replace(started, epoch=1), epochs[1])]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    found = run_cost(run, 2, workspace)
    assert found.train_seconds == pytest.approx(5.0)
    assert found.images_per_second == pytest.approx(100 / 5)
