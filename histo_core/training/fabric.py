"""Lightning Fabric, and nothing else of Lightning: it moves and steps the model, the loop stays ours."""

from __future__ import annotations

import logging
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from torch.amp.grad_scaler import GradScaler

from histo_core.errors import ConfigError

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


def fabric_on(device: torch.device, precision: Literal["32", "bf16", "16"] = "32") -> Fabric:
    """A Fabric of one device.

    Args:
        device: of training.
        precision: bits of what is multiplied; weights, sums, losses and the optimiser stay in 32 (Micikevicius et
            al., Mixed precision training, ICLR 2018).

    Raises:
        ConfigError: 16 on another device than CUDA, where its range would be too small without a loss scaler.
    """
    if precision == "16" and device.type != "cuda":
        raise ConfigError(
            f"Precision 16 was chosen on the device {str(device)!r}.", "A CUDA device.", "Choose bf16 or 32."
        )
    return Fabric(
        precision=_PRECISIONS[precision],
        accelerator=device.type,
        devices=[device.index] if device.type == "cuda" else 1,
        plugins=[LightningEnvironment()],  # else a cluster's variables would decide how many processes it expects
    )


def scaler_of(fabric: Fabric) -> GradScaler | None:
    """What scales losses up and gradients down again, where the precision needs it; its scale adapts while training."""
    return getattr(fabric.strategy.precision, "scaler", None)
