"""On a GPU: images a second of ResNet50 at 224 and 96 pixels, and what share of the time it waits for its data.

Patches lie in a memory-mapped file, as in a data set's faster copy, and are augmented for each step as in a run. The
share is what the same steps take longer than with one batch that lies on the GPU already, the median of rounds that
take turns; 5% is the most there should be. Without a GPU it says so and measures nothing.

Run as ``python -m benchmarks.gpu``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import repeat
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from histo_core.config import AugmentConfig, Config, ModelConfig, PreprocessConfig, TrainConfig
from histo_core.data.dataset import Dataset
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.registry import MODELS, build_network
from histo_core.training.batches import Augmentation, Batches, BatchRequest
from histo_core.training.distributed.shards import Shard
from histo_core.training.fabric import fabric_on
from histo_core.training.optimizer import build_optimizer
from histo_core.training.reproducible import reproducible
from histo_core.training.updates import Updates
from histo_core.workspace import Workspace

BATCH, WARM, STEPS, ROUNDS, PATCHES = 256, 10, 40, 5, 8192


class Mapped(Dataset):
    """Random patches in one file."""

    mapped = True
    pixels: np.ndarray

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Mapped:
        raise NotImplementedError

    @classmethod
    def drawn(cls, folder: Path, side: int) -> Mapped:
        """So many patches of a side."""
        random, file, shape = np.random.default_rng(0), folder / f"{side}.bin", (PATCHES, side, side, 3)
        random.integers(0, 256, shape, dtype=np.uint8).tofile(file)
        table = pd.DataFrame({"sample_id": np.arange(PATCHES).astype(str), "label": random.integers(0, 2, PATCHES)})
        dataset = cls("mapped", table, ("a", "b"))
        dataset.pixels = np.memmap(file, np.uint8, "r", shape=shape)
        return dataset

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        return self.pixels[np.asarray(indices)]


def images_per_second(side: int, batches: Iterator[tuple[Tensor, Tensor]], device: torch.device) -> float:
    """Of a run's own steps, in bfloat16 and with a run's own choice of algorithms."""
    with reproducible(0, None, device):
        return _images_per_second(side, batches, device)


def _images_per_second(side: int, batches: Iterator[tuple[Tensor, Tensor]], device: torch.device) -> float:
    config = TrainConfig(optimizer="adamw", batch_size=BATCH, precision="bf16")
    network = build_network(ModelConfig(name="resnet50"), 2, (side, side)).train()
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(config, network, MODELS["resnet50"].classifiers, device)
    updates = Updates(config, fabric_on(device, "bf16"), network, optimizer, None, 1)
    deal = Shard.alone(BATCH)
    begun = 0.0
    for step in range(WARM + STEPS):
        if step == WARM:
            torch.cuda.synchronize(device)
            begun = time.perf_counter()
        images, labels = next(batches)
        loss = F.cross_entropy(updates.network(images), labels)
        updates.learn_from(loss, deal, epoch=0, batch=0, valid_losses=())
        loss.item()
    torch.cuda.synchronize(device)
    return STEPS * BATCH / (time.perf_counter() - begun)


def main() -> None:
    """Both sizes, from the file and from the GPU's own memory."""
    if not torch.cuda.is_available():
        print("there is no CUDA GPU here: nothing is measured")
        return
    device = torch.device("cuda:0")
    augmentation = Augmentation(AugmentConfig(), seed=0, epoch=0)
    random = np.random.default_rng(0)
    for side in (224, 96):
        with tempfile.TemporaryDirectory() as folder:
            batches = Batches(
                Mapped.drawn(Path(folder), side), Preprocess(PreprocessConfig()), np.arange(PATCHES), device, 0
            )
            wanted = (BatchRequest(random.integers(0, PATCHES, BATCH), augmentation) for _ in repeat(None))
            with closing(batches.each(wanted)) as taken:
                one = next(taken)
                rounds = [
                    (images_per_second(side, repeat(one), device), images_per_second(side, taken, device))
                    for _ in range(ROUNDS)
                ]
        resident, read = (median(speeds) for speeds in zip(*rounds, strict=True))
        waits = [1 - read / resident for resident, read in rounds]
        print(
            f"ResNet50, {side} px, batch {BATCH}: {read:,.0f} images/s from the file, {resident:,.0f} without reading"
        )
        print(f"  the GPU waits for data {median(waits):.1%} of the time (asked: below 5%); rounds", end=" ")
        print(", ".join(f"{wait:.1%}" for wait in waits))


if __name__ == "__main__":
    main()
