"""Choose the device that computes, and recognise errors of its memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from histo_core.errors import ConfigError


def resolve_device(device: str) -> torch.device:
    """Resolve a configured device to one that exists.

    Args:
        device: ``auto`` (the first CUDA device, else MPS, else the CPU), ``cpu``, ``mps`` or ``cuda:<number>``.

    Raises:
        ConfigError: this machine does not have it.

    Example:
        >>> from histo_core.models.inference.predictor import resolve_device
        >>> resolve_device("cpu")
        device(type='cpu')
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
    """Return whether an error means out of memory; the CPU's error has no own type, CUDA's libraries have several."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "can't allocate memory" in text
        or "out of memory" in text
        or "not enough memory" in text
        or "status_alloc_failed" in text
    )


class _FullFloat32:
    """Counter of blocks that compute in full float32, because torch's setting is global to the process."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, True

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch.backends.cudnn.allow_tf32 = self._before


_FULL = _FullFloat32()


@contextmanager
def full_float32() -> Iterator[None]:
    """Make NVIDIA GPUs multiply with all bits of float32, for numbers that are reported.

    By default torch's convolutions use TensorFloat-32 with 10 bits of mantissa: logits then differ from the CPU's by up
    to 1e-3, against 5e-5 in full float32. In full float32 a ResNet50 predicts a third as many patches a second (2,979
    instead of 8,957 on an H200). Blocks may be nested and may run in several threads; the last one to end restores the
    setting.
    """
    _FULL.enter()
    try:
        yield
    finally:
        _FULL.leave()


def _devices() -> list[str]:
    """Return the names of this machine's devices, the fastest kind first."""
    cuda = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    mps = ["mps"] if torch.backends.mps.is_available() else []
    return [*cuda, *mps, "cpu"]
