"""A tiny data set with a signal, and what trains on it in a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config, DataConfig, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.base import Dataset
from histo_core.data.splits.split import Split, fingerprint
from histo_core.training.events import Event
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

SIDE = 24
TRAIN, VALID, TEST = 37, 14, 9


class Dots(Dataset):
    """Noise; samples of class 1 have a bright square in the middle."""

    reads = 0

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Dots:
        raise NotImplementedError

    @classmethod
    def drawn(cls, classes: Sequence[str] = ("normal", "tumour")) -> Dots:
        random = np.random.default_rng(7)
        count = TRAIN + VALID + TEST
        labels = random.permutation(np.arange(count) % len(classes))
        pixels = random.integers(0, 120, (count, SIDE, SIDE, 3), dtype=np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[8:16, 8:16] += np.uint8(label * 60)
        table = pd.DataFrame({"sample_id": [f"s{row:02}" for row in range(count)], "label": labels.astype(np.int64)})
        dots = cls("dots", table, classes)
        dots.pixels = pixels
        return dots

    pixels: np.ndarray

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        self.reads += len(indices)
        return self.pixels[np.asarray(indices, dtype=np.int64)]


def split_of(dataset: Dataset) -> Split:
    parts = np.array(["train"] * TRAIN + ["valid"] * VALID + ["test"] * TEST, dtype=object)
    ids, labels = dataset.table["sample_id"].tolist(), dataset.table["label"].tolist()
    return Split(parts, "random", fingerprint(ids, labels, parts.tolist()), "A split for tests.")


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
