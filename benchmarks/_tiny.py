"""Noise and a network of three thousand weights, so that nearly all of a training step is the loop's own cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from torch import nn

from histo_core.config import AugmentConfig, Config, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.splits.split import Split
from histo_core.models.registry import MODELS, ModelSpec
from histo_core.workspace import Workspace

SIDE, BATCH = 8, 64


def tiny(n_classes: int, input_size: tuple[int, int], options: Config) -> nn.Module:
    """Three thousand weights."""
    del options
    features = 3 * input_size[0] * input_size[1]
    return nn.Sequential(nn.Flatten(), nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, n_classes))


def register_tiny() -> None:
    """Let configurations name the network."""
    MODELS.add(
        "tiny",
        ModelSpec(
            name="tiny",
            title="",
            summary="",
            build=tiny,
            Options=Config,
            head="3",
            gradcam_layer=lambda model, input_size: model,
            smallest_input=1,
            preprocess=PreprocessConfig(),
            imagenet=None,
            paper="",
        ),
    )


def tiny_config(epochs: int) -> RunConfig:
    """Adam, one thread, no augmentation."""
    return RunConfig(
        augment=AugmentConfig(flips=False, quarter_turns=False, jitter=0),
        model=ModelConfig(name="tiny"),
        train=TrainConfig(epochs=epochs, batch_size=BATCH, device="cpu", threads=1),
    )


class Noise(Dataset):
    """Random patches in memory."""

    pixels: np.ndarray

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Noise:
        raise NotImplementedError

    @classmethod
    def drawn(cls, count: int) -> Noise:
        """So many patches with random labels."""
        random = np.random.default_rng(0)
        labels = random.integers(0, 2, count)
        noise = cls("noise", pd.DataFrame({"sample_id": np.arange(count).astype(str), "label": labels}), ("a", "b"))
        noise.pixels = random.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return noise

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        return list(self.pixels[np.asarray(indices)])


def split_of_sizes(train: int, valid: int) -> Split:
    """The first rows to train on, the last to validate."""
    return Split(np.array(["train"] * train + ["valid"] * valid, dtype=object), "random", "", "")
