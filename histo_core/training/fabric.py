"""Lightning Fabric, and nothing else of Lightning: it moves and steps the model, the loop stays ours."""

from __future__ import annotations

import logging

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

# Its import adds a handler of its own; a library's messages belong to whoever configures logging.
_log = logging.getLogger("lightning_fabric")
_log.handlers.clear()
_log.propagate = True
_log.setLevel(logging.WARNING)


def fabric_on(device: torch.device) -> Fabric:
    """A Fabric of one device."""
    return Fabric(
        accelerator=device.type,
        devices=[device.index] if device.type == "cuda" else 1,
        plugins=[LightningEnvironment()],  # else a cluster's variables would decide how many processes it expects
    )
