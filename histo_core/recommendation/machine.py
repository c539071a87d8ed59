"""Describe the machine that a recommendation is for."""

from __future__ import annotations

from dataclasses import dataclass

from histo_core.runs.devices.devices import memory, usable_cores
from histo_core.runs.devices.nvidia_smi import GPUS


@dataclass(frozen=True)
class Machine:
    """The machine that will train.

    Attributes:
        cores: CPU cores that training may use.
        memory: free bytes of memory, of the GPU where there is one.
        gpu: whether an NVIDIA GPU trains.
    """

    cores: int
    memory: int
    gpu: bool = False


def this_machine(device: str = "auto", threads: int | None = None) -> Machine:
    """Return this machine as a run with this device and number of threads sees it."""
    cores = min(threads or usable_cores(), usable_cores())
    gpus = [gpu for gpu in GPUS.poll() if device in {"auto", gpu.name}]
    if gpus:
        return Machine(cores, gpus[0].memory_free, gpu=True)
    return Machine(cores, memory()[0])
