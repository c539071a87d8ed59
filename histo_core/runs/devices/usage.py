"""Measure the memory and GPU that a worker uses."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psutil

from histo_core.runs.devices.nvidia_smi import GPUS


@dataclass(frozen=True)
class Usage:
    """Memory in bytes; ``gpu_percent`` is the GPU's utilisation in the last second, None on a CPU."""

    memory_bytes: int
    gpu_memory_bytes: int
    gpu_percent: int | None


def usage(device: str) -> Usage:
    """Return what this process and its child processes use now.

    Args:
        device: the run's device, such as ``cpu`` or ``cuda:0``.
    """
    process = psutil.Process()
    memory = sum(_resident(one) for one in (process, *process.children(recursive=True)))
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_initialized():
        return Usage(memory, 0, None)
    busy = next((gpu.percent for gpu in GPUS.poll() if gpu.name == device), None)
    return Usage(memory, int(torch.cuda.memory_reserved(device)), busy)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # the process has just ended
        return 0
