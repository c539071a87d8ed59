"""Group convolutions learn real tissue; the study that this network comes from saw them stay at 0.50."""

from __future__ import annotations

from pathlib import Path

import pytest

from histo_core.config import (
    DataConfig,
    ModelConfig,
    PreprocessConfig,
    RunConfig,
)
from histo_core.config_train import TrainConfig
from histo_core.data.base import open_dataset
from histo_core.data.splits.split import make_split
from histo_core.training.events import EpochDone
from histo_core.training.loop import fit
from histo_core.workspace import Workspace


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gcnn_p4", "p4m_resnet"])
def test_group_networks_learn_tumour(name: str, shared_data: Path, workspace: Workspace, tmp_path: Path) -> None:
    config = RunConfig(
        data=DataConfig(dataset="folder", root=str(shared_data / "pcam_jpeg")),
        preprocess=PreprocessConfig(crop=48),
        model=ModelConfig(name=name),
        train=TrainConfig(epochs=3, batch_size=32, max_train_samples=1000, learning_rate=0.003, device="cpu"),
    )
    dataset = open_dataset(config.data, workspace)
    split = make_split(dataset, config.split, workspace)
    events = list(fit(config, dataset, split, tmp_path / "run", workspace=workspace))
    aurocs = [event.valid_auroc for event in events if isinstance(event, EpochDone)]
    assert max(value for value in aurocs if value is not None) > 0.75
