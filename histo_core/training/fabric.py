"""Set up Lightning Fabric, which moves and steps the model; nothing else of Lightning is used."""

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

# Its import adds its own log handler; logging is configured by the application.
_log = logging.getLogger("lightning_fabric")
_log.handlers.clear()
_log.propagate = True
_log.setLevel(logging.WARNING)
# Its import also makes torch check for CUDA without initialising it, for forks, which we never make. Without a GPU each
# step of Adam then looks for NVIDIA's library on the disk: 130 us instead of 6, a fifth of a small step.
os.environ.pop("PYTORCH_NVML_BASED_CUDA_CHECK", None)


def fabric_on(
    device: torch.device,
    precision: Literal["32", "bf16", "16"] = "32",
    ranks: ProcessGroup | None = None,
    *,
    frozen: bool = False,
) -> Fabric:
    """Make a Fabric for one device, alone or among several connected ones that share a run.

    Args:
        device: device of this process.
        precision: bits of factors in multiplications; weights, sums, losses and the optimiser keep 32 bits
            (Micikevicius et al., Mixed precision training, ICLR 2018).
        ranks: this process, if there are several.
        frozen: whether some weights get no gradient for a while, so that processes must not wait for it.

    Raises:
        ConfigError: 16 bits on another device than CUDA, where their range would be too small without a loss scaler.
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
            plugins=[LightningEnvironment()],  # else a cluster's variables set the number of processes
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
    fabric.launch()  # starts no process: all exist and are connected
    return fabric


def scaler_of(fabric: Fabric) -> GradScaler | None:
    """Return the scaler of losses and gradients if the precision needs one; its scale adapts during training."""
    return getattr(fabric.strategy.precision, "scaler", None)
