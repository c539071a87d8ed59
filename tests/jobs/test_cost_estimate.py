"""What is measured is kept under what it cost, and found again for every run of that cost."""

from __future__ import annotations

import pytest

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.errors import ConfigError
from histo_core.jobs.api import job_id_of
from histo_core.jobs.cost_estimate import EstimateParams, load_estimate, make_estimates
from histo_core.workspace import Workspace

CONFIG = RunConfig(
    data=DataConfig(dataset="phantom", options={"patches": 60, "patients": 6}),
    preprocess=PreprocessConfig(crop=16),
    model=ModelConfig(name="cnn_narrow"),
    train=TrainConfig(epochs=4, batch_size=8, device="cpu", threads=1),
)


def with_train(**train: object) -> RunConfig:
    return CONFIG.model_copy(update={"train": TrainConfig(**{**CONFIG.train.model_dump(), **train})})


def test_measured_once_for_all_runs_of_the_same_cost(workspace: Workspace) -> None:
    told: list[tuple[int, int]] = []
    params = EstimateParams(configs=(CONFIG, with_train(batch_size=4)))
    make_estimates(params, workspace, lambda done, total: told.append((done, total)))
    assert told[-1] == (9, 10)
    known = load_estimate(CONFIG, workspace)
    other = load_estimate(with_train(epochs=8, learning_rate=0.01), workspace)
    assert known is not None
    assert other is not None
    assert other.seconds_total == pytest.approx(2 * known.seconds_total)
    assert load_estimate(with_train(batch_size=32), workspace) is None


def test_one_job_for_all_runs_of_the_same_cost() -> None:
    def job(*configs: RunConfig) -> str:
        return job_id_of("estimate", {"configs": [config.model_dump(mode="json") for config in configs]})

    assert job(CONFIG) == job(with_train(epochs=9))
    assert job(CONFIG) != job(CONFIG, with_train(batch_size=9))
    assert EstimateParams(configs=(CONFIG,)).subject == "cnn_narrow"
    with pytest.raises(ConfigError, match="configs"):
        job()
