"""What trains on a tiny data set in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dots import Dots, split_of

from histo_core.config import DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.training.events import Event
from histo_core.training.loop import fit
from histo_core.workspace import Workspace


@pytest.fixture
def dots() -> Dots:
    return Dots.drawn()


@pytest.fixture(scope="session")
def split() -> Split:
    return split_of(Dots.drawn())


@pytest.fixture(scope="session")
def config() -> RunConfig:
    """Three epochs of five batches of the CNN-RNN on 16 x 16 pixels, one thread, dropout on."""
    return RunConfig(
        data=DataConfig(dataset="dots"),
        preprocess=PreprocessConfig(crop=16),
        model=ModelConfig(name="cnn_rnn"),
        train=TrainConfig(epochs=3, batch_size=8, learning_rate=3e-3, device="cpu", threads=1),
        seed=3,
    )


@pytest.fixture(scope="session")
def fit_dots(split: Split, config: RunConfig) -> Callable[..., Iterator[Event]]:
    """``fit`` on the dots: give a folder, and whatever differs."""

    def call(
        folder: Path,
        *,
        config: RunConfig = config,
        dataset: Dataset | None = None,
        split: Split = split,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        workspace = Workspace(folder / "home")
        return fit(config, dataset or Dots.drawn(), split, folder, should_stop=should_stop, workspace=workspace)

    return call
