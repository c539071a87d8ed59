"""What a worker takes of its machine."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psutil

from histo_core.runs.devices.nvidia_smi import GPUS


@dataclass(frozen=True)
class Usage:
    """Memory in bytes; ``gpu_percent`` is how busy the GPU was in the last second, None on a CPU."""

    memory_bytes: int
    gpu_memory_bytes: int
    gpu_percent: int | None


def usage(device: str) -> Usage:
    """What this process and those it started take now.

    Args:
        device: of the run, such as ``cpu`` or ``cuda:0``.
    """
    process = psutil.Process()
    memory = sum(_resident(one) for one in (process, *process.children(recursive=True)))
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_initialized():
        return Usage(memory, 0, None)
    busy = next((gpu.percent for gpu in GPUS.look() if gpu.name == device), None)
    return Usage(memory, int(torch.cuda.memory_reserved(device)), busy)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0
