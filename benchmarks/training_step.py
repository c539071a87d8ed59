"""A training step of ResNet18, batch 64, 96 pixels: ours against the plain eager float32 loop.

Ours is what a run does: the network in channels-last memory through Fabric, a fused optimiser, freed memory kept,
bfloat16 where the processor multiplies it. The plain loop has the same weights and batches in torch's default memory
and optimiser. Losses of the same steps are compared before any time is taken. What share of the processor's own rate
of multiplying float32 matrices a step reaches is measured in the same rounds.

Run as ``python -m benchmarks.training_step``.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks._paired import paired
from histo_core.config import ModelConfig, TrainConfig
from histo_core.models.inference.batch_norm_folding import interactive_dtype
from histo_core.models.inference.memory import kept_memory
from histo_core.models.registry import MODELS, build_network
from histo_core.training.distributed.shards import Shard
from histo_core.training.fabric import fabric_on
from histo_core.training.optimizer import build_optimizer
from histo_core.training.updates import Updates

BATCH, SIDE, CHECKED, ROUNDS, MATRIX = 64, 96, 4, 5, 2048
IN_A_ROW = 10
"""Steps that are timed together, as a run has them: `kept_memory` pays from the second on."""
CPU = torch.device("cpu")
CONFIG = TrainConfig(optimizer="adamw", learning_rate=1e-3, batch_size=BATCH)

Steps = Callable[[int], list[float]]
"""So many steps in a row; their losses."""


def plain(network: nn.Module, images: Tensor, labels: Tensor) -> Steps:
    """As in every tutorial."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=CONFIG.learning_rate, weight_decay=CONFIG.weight_decay)

    def step() -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return lambda count: [step() for _ in range(count)]


def ours(network: nn.Module, images: Tensor, labels: Tensor, config: TrainConfig) -> Steps:
    """As in `histo_core.training.loop`."""
    network = network.to(memory_format=torch.channels_last)
    beside = images.contiguous(memory_format=torch.channels_last)
    optimizer = build_optimizer(config, network, MODELS["resnet18"].classifiers, CPU)
    updates = Updates(config, fabric_on(CPU, config.precision), network, optimizer, None, 1)
    deal = Shard.alone(BATCH)

    def step() -> float:
        loss = F.cross_entropy(updates.network(beside), labels)
        updates.learn_from(loss, deal, epoch=0, batch=0, valid_losses=())
        return loss.item()

    def steps(count: int) -> list[float]:
        with kept_memory():
            return [step() for _ in range(count)]

    return steps


def main() -> None:
    """Losses, then time, then the share of what the processor can do."""
    torch.manual_seed(0)
    images, labels = torch.randn(BATCH, 3, SIDE, SIDE), torch.randint(0, 2, (BATCH,))
    network = build_network(ModelConfig(name="resnet18"), 2, (SIDE, SIDE)).train()
    steps = {
        "plain eager float32": plain(deepcopy(network), images, labels),
        "ours, float32": ours(deepcopy(network), images, labels, CONFIG),
    }
    if interactive_dtype(CPU) == torch.bfloat16:
        half = CONFIG.model_copy(update={"precision": "bf16"})
        steps["ours, bfloat16"] = ours(deepcopy(network), images, labels, half)
    else:
        print("this processor does not multiply bfloat16: that variant, of which 2x is asked, is left out")
    check(steps)

    one, other = torch.randn(MATRIX, MATRIX), torch.randn(MATRIX, MATRIX)
    multiply = "float32 matrix product, for the rate"
    timings = paired(
        f"{IN_A_ROW} training steps of ResNet18, batch {BATCH}, {SIDE} px, {torch.get_num_threads()} thread(s)",
        {name: partial(variant, IN_A_ROW) for name, variant in steps.items()} | {multiply: lambda: one @ other},
        base="plain eager float32",
        rounds=ROUNDS,
    )
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(network(images), labels).backward()
    seconds = {timing.name: timing.seconds for timing in timings}
    peak = 2 * MATRIX**3 / seconds[multiply]
    print(f"  matrix products: {peak / 1e9:.0f} GFLOP/s; a step: {counter.get_total_flops() / 1e9:.0f} GFLOP")
    for name in steps:
        share = IN_A_ROW * counter.get_total_flops() / seconds[name] / peak
        print(f"  {name}: {share:.0%} of the rate of matrix products")


def check(steps: dict[str, Steps]) -> None:
    """The same losses; those of bfloat16 within its two to three digits."""
    losses = {name: variant(CHECKED) for name, variant in steps.items()}
    expected = losses["plain eager float32"]
    for name, own in losses.items():
        worst = max(abs(one - two) for one, two in zip(own, expected, strict=True))
        print(f"{name}: losses {', '.join(f'{loss:.4f}' for loss in own)}; differ by at most {worst:.1e}")
        if worst > (0.1 if "bfloat16" in name else 5e-3 * median(expected)):
            raise SystemExit("the steps do not agree")


if __name__ == "__main__":
    main()
