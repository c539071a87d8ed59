"""What our loop costs a step, against the loop that one writes by hand around torch's DataLoader.

The network is so small that nearly all of the time is the loop's own: shuffling, batches, events, Fabric. Ours starts
from uint8 patches and normalises them at each step. So does one of the plain loops; the other two get float tensors
made beforehand.

Run as ``python -m benchmarks.training_step``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks._paired import paired
from histo_core.config import AugmentConfig, Config, ModelConfig, PreprocessConfig, RunConfig, TrainConfig
from histo_core.data.base import Dataset
from histo_core.data.splits.split import Split
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.registry import MODELS, ModelSpec, build_network
from histo_core.training.batches import Augmentation, Batches
from histo_core.training.events import EpochDone
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

SIDE, BATCH, STEPS, ROUNDS = 8, 64, 200, 9
TRAIN, VALID = BATCH * STEPS * (ROUNDS + 2), BATCH


def tiny(n_classes: int, input_size: tuple[int, int], options: Config) -> nn.Module:
    """Three thousand weights."""
    del options
    features = 3 * input_size[0] * input_size[1]
    return nn.Sequential(nn.Flatten(), nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, n_classes))


class Noise(Dataset):
    """Random patches in memory."""

    pixels: np.ndarray

    @classmethod
    def open(cls, root: Path | None, options: Config, workspace: Workspace) -> Noise:
        del root, options, workspace
        random = np.random.default_rng(0)
        count = TRAIN + VALID
        labels = random.integers(0, 2, count)
        noise = cls("noise", pd.DataFrame({"sample_id": np.arange(count).astype(str), "label": labels}), ("a", "b"))
        noise.pixels = random.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)
        return noise

    def read_source(self, indices: Sequence[int] | np.ndarray) -> Sequence[np.ndarray]:
        return list(self.pixels[np.asarray(indices)])


Batch = tuple[torch.Tensor, torch.Tensor]


def plain(batches: Iterable[Batch]) -> Iterator[float]:
    """One epoch by hand; gives the loss of each step."""
    model = build_network(ModelConfig(name="tiny"), 2, (SIDE, SIDE)).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        yield loss.item()


def sources(noise: Noise, config: RunConfig) -> dict[str, Iterable[Batch]]:
    """The same samples in random order, from three hands."""
    preprocess, rows = Preprocess(config.preprocess), np.arange(TRAIN)
    images = preprocess(noise.pixels[:TRAIN]).contiguous()
    labels = torch.from_numpy(noise.table["label"].to_numpy(copy=True))[:TRAIN]
    kept = Batches(noise, preprocess, rows, torch.device("cpu"))
    kept.batch(rows)
    augmentation = Augmentation(config.augment, seed=0, epoch=0)
    order = np.random.default_rng(0).permutation(rows).reshape(-1, BATCH)
    return {
        "plain loop, torch's DataLoader": DataLoader(TensorDataset(images, labels), batch_size=BATCH, shuffle=True),
        "plain loop, slices of a tensor": ((images[rows], labels[rows]) for rows in torch.randperm(TRAIN).split(BATCH)),
        "plain loop, our batches": (kept.batch(rows, augmentation) for rows in order),
    }


def main() -> None:
    """Advance one epoch of each loop by so many steps a round."""
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
    config = RunConfig(
        augment=AugmentConfig(flips=False, quarter_turns=False, jitter=0),
        model=ModelConfig(name="tiny"),
        train=TrainConfig(epochs=2, batch_size=BATCH, device="cpu", threads=1),
    )
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        noise = Noise.open(None, Config(), workspace)
        split = Split(np.array(["train"] * TRAIN + ["valid"] * VALID, dtype=object), "random", "", "")
        events = fit(config, noise, split, Path(folder) / "run", workspace=workspace)
        # The first epoch reads the patches; from here on torch is set as for a run, for all of them.
        next(event for event in events if isinstance(event, EpochDone))
        loops: dict[str, Iterator[object]] = {name: plain(batches) for name, batches in sources(noise, config).items()}
        loops["ours"] = events

        def advance(loop: Iterator[object]) -> None:
            for _ in range(STEPS):
                next(loop)

        paired(
            f"{STEPS} training steps, batches of {BATCH} patches of {SIDE} px, network of 3,000 weights",
            {name: lambda loop=loop: advance(loop) for name, loop in loops.items()},
            base="plain loop, torch's DataLoader",
            rounds=ROUNDS,
        )
        events.close()  # pyright: ignore[reportAttributeAccessIssue] - a generator; puts torch's settings back


if __name__ == "__main__":
    main()
