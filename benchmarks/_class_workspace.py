"""A workspace such as a class works in: drawn tissue, finished runs on one split, and an experiment."""

from __future__ import annotations

from unittest.mock import patch

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.config.protocol import ProtocolConfig
from histo_core.experiments.api import start_experiment
from histo_core.runs.api import launch
from histo_core.runs.worker.worker import work
from histo_core.workspace import Workspace

MODELS = ("cnn_narrow", "cnn_rnn", "gcnn")
"""Networks that train in seconds."""


def make_class_workspace(workspace: Workspace, *, patches: int = 600, models: tuple[str, ...] = MODELS) -> None:
    """Train small networks on the phantom, here and now: a run of each model, and two repeats of the first.

    Args:
        workspace: an empty one.
        patches: of the data set, of 24 patients.
        models: names of networks.

    Raises:
        RuntimeError: a run did not succeed.
    """
    data = DataConfig(dataset="phantom", options={"patches": patches, "patients": 24})
    runs = [launch(_config(name, data), workspace, name=name, start_supervisor=False).run_id for name in models]
    with patch("histo_core.runs.api.ensure_supervisor", return_value=1):  # trained below, not by another process
        twice = ProtocolConfig(kind="repeats", repeats=2)
        runs += [run.run_id for run in start_experiment(_config(models[0], data, 1), twice, workspace).members]
    for run_id in runs:
        if work(run_id, workspace) != 0:
            raise RuntimeError(f"run {run_id} did not succeed; see {workspace.run_folder(run_id)}")


def _config(model: str, data: DataConfig, seed: int = 0) -> RunConfig:
    return RunConfig(
        data=data,
        preprocess=PreprocessConfig(crop=32),
        model=ModelConfig(name=model),
        train=TrainConfig(epochs=2, batch_size=64, device="cpu", threads=1),
        seed=seed,
    )
