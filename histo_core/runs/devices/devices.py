"""List the devices of this machine with their memory and the run that uses each, without loading PyTorch."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

from histo_core.runs.devices.nvidia_smi import GPUS
from histo_core.runs.store.runs import Store
from histo_core.shown_text import count
from histo_core.workspace import Workspace

_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


@dataclass(frozen=True)
class Device:
    """One device that a run may be trained on.

    Attributes:
        name: the name in a configuration: ``cpu``, ``cuda:0`` or ``mps``.
        title: the name on the pages.
        memory_free, memory_total: bytes.
        busy_with: the id of the run that uses it now; None when it is free.
        percent: a GPU's utilisation in the last second; None where it is unknown.
    """

    name: str
    title: str
    memory_free: int
    memory_total: int
    busy_with: str | None
    percent: int | None = None


def devices(workspace: Workspace | None = None) -> tuple[Device, ...]:
    """Return all devices of this machine, the fastest kind first, in the order in which `auto` chooses.

    Args:
        workspace: whose runs to look for; the default one.

    Raises:
        StoreError: the store cannot be read.
    """
    running = Store.open(workspace or Workspace.default()).running()
    busy = {device: held.run.run_id for held in running for device in held.run.devices}
    gpus = [
        Device(gpu.name, gpu.title, gpu.memory_free, gpu.memory_total, busy.get(gpu.name), gpu.percent)
        for gpu in GPUS.poll()
    ]
    free, total = memory()
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        gpus.append(Device("mps", "Apple GPU", free, total, busy.get("mps")))
    title = f"CPU, {count(usable_cores(), 'core')}"
    return (*gpus, Device("cpu", title, free, total, busy.get("cpu")))


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Return the free and total memory, in bytes, of this machine or of this process's container."""
    machine = psutil.virtual_memory()
    try:
        limit, used = int(_LIMIT.read_text()), int(_USED.read_text())
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return machine.available, machine.total
    return min(machine.available, max(limit - used, 0)), min(machine.total, limit)
