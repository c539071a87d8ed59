"""Which processor computes, and whether its memory ran out."""

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


def out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out; the CPU's has no type of its own, and CUDA's libraries have others."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "can't allocate memory" in text
        or "out of memory" in text
        or "not enough memory" in text
        or "status_alloc_failed" in text
    )


def _devices() -> list[str]:
    """Names of the devices here, the fastest kind first."""
    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*cuda, *mps, "cpu"]
