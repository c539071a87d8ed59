"""What our loop costs a step, against Lightning's Trainer, plain Fabric and the loop that one writes by hand.

The network is so small that nearly all of the time is the loop's own. All take the same batches in the same order with
the same optimiser, and their losses are compared. Ours starts from uint8 patches, which it gathers and normalises at
each step; the others get float tensors made beforehand, cut into batches already, which is cheaper than any DataLoader
that collates samples. The Trainer is as bare as it can be: no logger, no checkpoint, no bar; it logs its loss, as ours
tells its own. Each is timed in processor time of its one thread, over most of a second epoch: ours reads its patches in
the first.

Importing Lightning tells torch to look for a GPU in a way that is slow where there is none; the Trainer is measured
with that, as one gets it, and once more without.

Run as ``python -m benchmarks.loop_cost``.
"""

from __future__ import annotations

import logging
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import lightning
import numpy as np
import torch
import torch.nn.functional as F
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from benchmarks._paired import compared
from benchmarks._tiny import BATCH, SIDE, Noise, register_tiny, split_of_sizes, tiny_config
from histo_core.config import RunConfig
from histo_core.data.transforms.preprocess import Preprocess
from histo_core.models.registry import build_network
from histo_core.training.data_order import epoch_order
from histo_core.training.events import BatchDone
from histo_core.training.loop import fit
from histo_core.workspace import Workspace

EPOCH, STEPS, ROUNDS = 160, 140, 9
WARM = 2 * EPOCH - STEPS
TRAIN = BATCH * EPOCH
_NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"

Batch = tuple[Tensor, Tensor]


class Clock:
    """Keeps the losses of steps, and the processor time of those after the warm-up."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.begun = self.last = 0.0

    def step(self, loss: float) -> None:
        self.losses.append(loss)
        self.last = time.process_time()
        if len(self.losses) == WARM:
            self.begun = self.last

    @property
    def seconds(self) -> float:
        """A step."""
        return (self.last - self.begun) / (len(self.losses) - WARM)


def network(config: RunConfig) -> nn.Module:
    """With the initial weights of our run."""
    torch.manual_seed(config.seed)
    return build_network(config.model, 2, (SIDE, SIDE)).to(memory_format=torch.channels_last).train()


def adam(model: nn.Module, config: RunConfig) -> torch.optim.Optimizer:
    """The same as ours."""
    return torch.optim.Adam(model.parameters(), lr=config.train.learning_rate, fused=True)


def by_hand(config: RunConfig, batches: list[Batch]) -> Clock:
    """As short as a loop can be."""
    model, clock = network(config), Clock()
    optimizer = adam(model, config)
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        clock.step(loss.item())
    return clock


def by_fabric(config: RunConfig, batches: list[Batch]) -> Clock:
    """The same through Fabric."""
    fabric, clock = Fabric(accelerator="cpu", devices=1), Clock()
    model = network(config)
    wrapped, optimizer = fabric.setup(model, adam(model, config))
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(wrapped(images), labels)
        fabric.backward(loss)
        optimizer.step()
        clock.step(loss.item())
    return clock


class Module(lightning.LightningModule):
    """The same for the Trainer."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self.model, self.config, self.clock = network(config), config, Clock()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        del batch_idx
        loss = F.cross_entropy(self.model(batch[0]), batch[1])
        self.log("loss", loss, batch_size=BATCH)
        return loss

    def on_train_batch_end(self, outputs: object, batch: Batch, batch_idx: int) -> None:
        del batch, batch_idx
        assert isinstance(outputs, dict)
        self.clock.step(outputs["loss"].item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return adam(self.model, self.config)


def by_trainer(config: RunConfig, batches: list[Batch]) -> Clock:
    """Lightning's Trainer."""
    module = Module(config)
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(batches, batch_size=None))  # pyright: ignore[reportArgumentType] - a list will do
    return module.clock


def ours(config: RunConfig, noise: Noise) -> Clock:
    """`fit`, up to the last step of its second epoch."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        events = fit(config, noise, split_of_sizes(TRAIN, BATCH), Path(folder), workspace=Workspace(Path(folder)))
        with closing(events):  # pyright: ignore[reportArgumentType] - a generator
            total = 0.0
            for event in events:
                if isinstance(event, BatchDone):
                    clock.step(event.loss * event.batch - total)  # told is the mean over the epoch so far
                    total = event.loss * event.batch if event.batch < event.batches else 0.0
                if len(clock.losses) == 2 * EPOCH:
                    break
    return clock


@contextmanager
def as_lightning_sets_it() -> Iterator[None]:
    """How importing Lightning leaves torch's search for a GPU; our own import takes it back."""
    os.environ[_NVML_CHECK] = "1"
    try:
        yield
    finally:
        del os.environ[_NVML_CHECK]


def main() -> None:
    """Round after round, in random order."""
    warnings.simplefilter("ignore")  # the Trainer's advice
    for name in ("lightning.pytorch", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(1)
    register_tiny()
    config, noise = tiny_config(epochs=2), Noise.drawn(TRAIN + BATCH)
    labels = noise.table["label"].to_numpy(copy=True)
    orders = [epoch_order(np.arange(TRAIN), labels[:TRAIN], config, epoch) for epoch in range(2)]
    order = np.concatenate(orders).reshape(-1, BATCH)
    preprocess = Preprocess(config.preprocess)
    batches = [(preprocess(noise.pixels[rows]), torch.from_numpy(labels[rows])) for rows in order]

    def trainer_as_imported() -> Clock:
        with as_lightning_sets_it():
            return by_trainer(config, batches)

    loops: dict[str, Callable[[], Clock]] = {
        "Lightning's Trainer": trainer_as_imported,
        "Lightning's Trainer, quick GPU search": lambda: by_trainer(config, batches),
        "ours": lambda: ours(config, noise),
        "plain Fabric": lambda: by_fabric(config, batches),
        "by hand": lambda: by_hand(config, batches),
    }
    check({name: loop().losses for name, loop in loops.items()})
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    names = random.Random(0)  # noqa: S311 - an order of runs, not a secret
    for _ in range(ROUNDS):
        for name in names.sample(list(loops), len(loops)):
            seconds[name].append(loops[name]().seconds)
    timings = compared(f"one step, batch {BATCH}, {SIDE} px, 3,000 weights", seconds, base="Lightning's Trainer")
    for timing in timings:
        print(f"  {timing.name}: {1 / timing.speedup:.2f} of the Trainer's time")


def check(losses: dict[str, list[float]]) -> None:
    """Equality before any time is looked at."""
    expected = np.array(losses["by hand"])
    worst = max(float(np.abs(np.array(own) - expected).max()) for own in losses.values())
    print(f"greatest difference of losses over {len(expected)} steps: {worst:.1e}")
    if worst > 1e-4:
        raise SystemExit("the loops do not agree")


if __name__ == "__main__":
    main()
