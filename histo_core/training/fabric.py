"""Lightning Fabric, and nothing else of Lightning: it moves and steps the model, the loop stays ours."""

from __future__ import annotations

import logging
import os
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.amp.grad_scaler import GradScaler

from histo_core.errors import ConfigError
from histo_core.training.distributed.process_group import ProcessGroup

_PRECISIONS: dict[str, Literal["32-true", "bf16-mixed", "16-mixed"]] = {
    "32": "32-true",
    "bf16": "bf16-mixed",
    "16": "16-mixed",
}

# Its import adds a handler of its own; a library's messages belong to whoever configures logging.
_log = logging.getLogger("lightning_fabric")
_log.handlers.clear()
_log.propagate = True
_log.setLevel(logging.WARNING)
# Its import also asks torch to look for CUDA without waking it, for the sake of forks, which we never make. Without a
# GPU each step of Adam then looks for NVIDIA's library on the disk: 130 us instead of 6, a fifth of a small step.
os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)


def fabric_on(
    device: torch.device,
    precision: Literal["32", "bf16", "16"] = "32",
    ranks: ProcessGroup | None = None,
    *,
    frozen: bool = False,
) -> Fabric:
    """A Fabric of one device, or of one among several that share a run and are connected.

    Args:
        device: of this process.
        precision: bits of what is multiplied; weights, sums, losses and the optimiser stay in 32 (Micikevicius et
            al., Mixed precision training, ICLR 2018).
        ranks: who this process is, where there are several.
        frozen: whether there are weights that get no gradient for a while, and that nobody must wait for.

    Raises:
        ConfigError: 16 on another device than CUDA, where its range would be too small without a loss scaler.
    """
    if precision == "16" and device.type != "cuda":
        raise ConfigError(
            f"Precision 16 was chosen on the device {str(device)!r}.", "A CUDA device.", "Choose bf16 or 32."
        )
    if ranks is None or ranks.count == 1:
        return Fabric(
            precision=_PRECISIONS[precision],
            accelerator=device.type,
            devices=[device.index] if device.type == "cuda" else 1,
            plugins=[LightningEnvironment()],  # else a cluster's variables would decide how many processes it expects
        )
    environment = TorchElasticEnvironment()
    first = (device.index or 0) - environment.local_rank()
    fabric = Fabric(
        precision=_PRECISIONS[precision],
        accelerator=device.type,
        devices=list(range(first, first + ranks.local_count)) if device.type == "cuda" else ranks.local_count,
        num_nodes=ranks.count // ranks.local_count,
        strategy=DDPStrategy(find_unused_parameters=frozen),
        plugins=[environment],
    )
    fabric.launch()  # starts nothing: the processes are there and connected
    return fabric


def scaler_of(fabric: Fabric) -> GradScaler | None:
    """What scales losses up and gradients down again, where the precision needs it; its scale adapts while training."""
    return getattr(fabric.strategy.precision, "scaler", None)
