"""Which processor computes."""

from __future__ import annotations

import torch

from histo_core.errors import ConfigError


def resolve_device(device: str) -> torch.device:
    """Turn a configured device into one that is there.

    Args:
        device: ``auto`` (the first CUDA device, else MPS, else the CPU), ``cpu``, ``mps`` or ``cuda:<number>``.

    Raises:
        ConfigError: this machine does not have it.
    """
    found = _devices()
    if device == "auto":
        return torch.device(found[0])
    if device not in found:
        raise ConfigError(
            f"Device {device!r} is not on this machine.",
            f"Allowed: auto, {', '.join(found)}.",
            "Choose one of these, or auto.",
        )
    return torch.device(device)


def _devices() -> list[str]:
    """Names of the devices here, the fastest kind first."""
    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*cuda, *mps, "cpu"]
