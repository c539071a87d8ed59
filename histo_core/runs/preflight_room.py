"""Check that a run fits into the memory of its device and onto the disk before it is queued."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import torch

from histo_core.config import RunConfig
from histo_core.errors import ConfigError
from histo_core.models.cost import training_bytes, weight_count
from histo_core.runs.devices.devices import memory
from histo_core.workspace import Workspace

_STATES = 3
"""Training states on the disk while one is written: the new one, the last, and the one before."""
_SMALLEST = 1 << 20


def room_doubts(
    config: RunConfig, input_size: tuple[int, int], n_classes: int, device: torch.device, workspace: Workspace
) -> Iterator[str]:
    """Yield a sentence where memory is short now; refuse what does not fit at all.

    Args:
        config: the run.
        input_size: height and width after preprocessing, in pixels.
        n_classes: number of classes.
        device: trains the run.
        workspace: where the run will be stored.

    Raises:
        ConfigError: a training step needs more memory than the device has, or the checkpoints more room than is free.
    """
    side = round((input_size[0] * input_size[1]) ** 0.5)
    model = config.model.model_copy(update={"weights": "none", "weights_sha256": None})
    _check_disk(config, weight_count(model, side, n_classes), workspace)
    share = max(config.train.batch_size // config.train.devices, 1)
    needed = training_bytes(model, side, n_classes, share)
    if (known := _memory(device)) is None:
        return
    free, total = known
    if needed > total:
        raise ConfigError(
            f"A batch of {share} patches of {side} x {side} pixels needs about {_gib(needed)} of memory; {device} has "
            f"{_gib(total)}.",
            "A batch that fits is needed.",
            f"Try a batch size of {max(int(config.train.batch_size * 0.5 * total / needed), 1)}.",
        )
    if needed > free:
        yield (
            f"A batch of {share} patches needs about {_gib(needed)} of memory, and {_gib(free)} are free now: the run "
            "may fail. End other programs, or choose a smaller batch."
        )


def _check_disk(config: RunConfig, weights: int, workspace: Workspace) -> None:
    copies = {"adam": 3, "adamw": 3, "adamax": 3}.get(config.train.optimizer, 2) + bool(config.train.average_decay)
    needed = 4 * weights * (_STATES * copies + 2) + _SMALLEST
    home = workspace.home
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free
    if needed > free:
        raise ConfigError(
            f"The run's checkpoints need about {_gib(needed)} on the disk of {workspace.home}; {_gib(free)} are free.",
            "Room for three training states and the weights is needed.",
            "Free some space, or choose a smaller network.",
        )


def _memory(device: torch.device) -> tuple[int, int] | None:
    """Return the free and total memory of a device, in bytes; None where its driver does not say."""
    if device.type != "cuda":
        return memory()
    try:
        return torch.cuda.mem_get_info(device)
    except RuntimeError:
        return None


def _gib(count: float) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 / 10 else f"{count / 2**20:.0f} MiB"
