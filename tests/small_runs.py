"""Configurations and runs of seconds, on phantom tissue, for tests that need a run which has really been trained."""

from __future__ import annotations

from typing import Any

from histo_core.config import DataConfig, ModelConfig, Option, PreprocessConfig, RunConfig, TrainConfig
from histo_core.runs.api import launch
from histo_core.runs.store.records import Run
from histo_core.runs.store.runs import Store
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

OPTIONS: dict[str, Option] = {"patches": 80, "patients": 8}
DATA = DataConfig(dataset="phantom", options=OPTIONS)
OTHER = DataConfig(dataset="phantom", options={**OPTIONS, "seed": 5})
"""Tissue of other patients."""


def small_config(train: dict[str, Any] | None = None, **settings: Any) -> RunConfig:
    """A run of one epoch; ``train`` and ``settings`` change the training and the rest."""
    return RunConfig(
        data=DATA,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name="cnn_narrow"),
        train=TrainConfig.model_validate(
            {"epochs": 1, "batch_size": 16, "device": "cpu", "threads": 1} | (train or {})
        ),
        **settings,
    )


def trained_run(config: RunConfig, workspace: Workspace, name: str = "") -> Run:
    """Queue a run, carry it out in this process, and return it as it ended."""
    run = launch(config, workspace, name=name, start_supervisor=False)
    assert work(run.run_id, workspace) == 0
    return Store.open(workspace).get(run.run_id)
