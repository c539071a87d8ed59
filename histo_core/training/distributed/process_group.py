"""The processes that share a run's batches, one for each device: this process's rank, and communication.

Each runs the same code on its shard of each batch. The environment variables that identify a process are torchrun's. So
it makes no difference whether a run's worker starts the others on one machine, or torchrun starts all on several.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from histo_core.config import TrainConfig
from histo_core.errors import ConfigError, TrainingError
from histo_core.models.device import resolve_device
from histo_core.shown_text import count
from histo_core.training.distributed.meeting import MEETING_FILE

SILENCE = timedelta(minutes=10)
"""Timeout for waiting for another process; a batch, a checkpoint or opening data is faster."""


@dataclass(frozen=True)
class ProcessGroup:
    """One process among those that share a run. With a single process every method returns its own value.

    Attributes:
        device: device of this process.
        rank: number of this process, from 0; only rank 0 writes files and reports events.
        count: number of all processes.
        local_count: number of processes on this machine.
    """

    device: torch.device
    rank: int = 0
    count: int = 1
    local_count: int = 1

    @property
    def is_main(self) -> bool:
        """Return whether this is the process that writes files."""
        return self.rank == 0

    def share(self, samples: int) -> slice:
        """Return this process's shard of a batch: shards are contiguous, the first ones may be one sample longer."""
        whole, rest = divmod(samples, self.count)
        start = self.rank * whole + min(self.rank, rest)
        return slice(start, start + whole + (self.rank < rest))

    def total(self, value: Tensor) -> Tensor:
        """Sum a tensor over all processes, in place; all must call it with the same shape."""
        if self.count > 1:
            dist.all_reduce(value)
        return value

    def sum(self, value: float) -> float:
        """Sum a number over all processes."""
        return value if self.count == 1 else self.total(self._tensor(value)).item()

    def any(self, wish: bool) -> bool:
        """Return whether ``wish`` is True in any process; all must call it at the same point."""
        return wish if self.count == 1 else self.sum(float(wish)) > 0

    def asked(self, question: Callable[[], bool]) -> Callable[[], bool]:
        """Wrap a question so that all processes get True if the answer is True in one."""
        return lambda: self.any(question())

    def rows(self, own: Tensor) -> Tensor:
        """Gather each process's tensor, in the order of ranks: [...] to [count, ...]."""
        if self.count == 1:
            return own.unsqueeze(0)
        rows = own.new_zeros(self.count, *own.shape).to(self.device)
        rows[self.rank] = own
        return self.total(rows).to(own.device)

    def share_of(self, rows: np.ndarray) -> np.ndarray:
        """Return this process's rows of a batch; with fewer rows than processes the first row, which is not used."""
        mine = rows[self.share(len(rows))]
        return mine if len(mine) else rows[:1]

    def assembled(self, own: Tensor, samples: int) -> Tensor:
        """Gather the processes' results for a batch: from the results for `share_of` [.., k] to [samples, k]."""
        if self.count == 1:
            return own
        mine, whole = self.share(samples), own.new_zeros(samples, own.shape[1])
        whole[mine] = own[: mine.stop - mine.start]
        return self.total(whole)

    def check_alike(self, values: tuple[int, ...], what: str) -> None:
        """Check that all processes have the same numbers.

        Raises:
            TrainingError: they do not.
        """
        if self.count == 1:
            return
        told = self.rows(torch.tensor(values, device=self.device))
        if not (told == told[0]).all():
            raise TrainingError(
                f"The processes of this run found different {what}: {told.tolist()}.",
                "All must read the same files.",
                "Keep the workspace where all machines see the same, then resume the run.",
            )

    @torch.no_grad()
    def share_buffers(self, model: nn.Module) -> None:
        """Copy rank 0's buffers to all processes, because each process's batch norms have seen only their own shard."""
        if self.count > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)

    def _tensor(self, value: float) -> Tensor:
        kind = torch.float32 if self.device.type == "mps" else torch.float64
        return torch.tensor([value], dtype=kind, device=self.device)


def find_process_group(config: TrainConfig) -> ProcessGroup:
    """Find this process's rank from the environment; nothing is connected yet.

    Raises:
        ConfigError: another number of processes than configured, batches smaller than the number of processes, or a
            device that does not exist.
    """
    if config.devices == 1:
        return ProcessGroup(resolve_device(config.device))
    if config.batch_size < config.devices:
        raise ConfigError(
            f"A batch of {config.batch_size} cannot be shared by {config.devices} devices.",
            "At least one patch a device.",
            "Choose a larger batch size or fewer devices.",
        )
    alone = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1}
    rank, started, local_rank, local_count = (int(os.environ.get(name, value)) for name, value in alone.items())
    if started != config.devices:
        raise ConfigError(
            f"{config.devices} devices were chosen, and {count(started, 'process')} started.",
            "One process a device.",
            "Launch the run, whose worker starts the others, or start as many with torchrun.",
        )
    return ProcessGroup(_device(config.device, local_rank), rank, started, local_count)


@contextmanager
def connected(ranks: ProcessGroup) -> Iterator[None]:
    """Connect to the other processes, and disconnect at the end, also on failure: the others' next call then fails.

    Raises:
        RuntimeError: from torch, here or in the block: another process has ended, or has not answered for `SILENCE`.
    """
    if ranks.count == 1:
        yield
        return
    file = os.environ.get(MEETING_FILE)
    on_gpu = ranks.device.type == "cuda"
    dist.init_process_group(
        "nccl" if on_gpu else "gloo",
        init_method=Path(file).as_uri() if file else "env://",
        rank=ranks.rank,
        world_size=ranks.count,
        timeout=SILENCE,
        device_id=ranks.device if on_gpu else None,
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


def _device(named: str, local_rank: int) -> torch.device:
    """Return the configured device for a machine's first process, and the following devices for the others."""
    first = resolve_device(named)
    if first.type == "mps":
        raise ConfigError("Several devices were chosen on MPS.", "CUDA devices or the CPU.", "Choose one device.")
    if first.type == "cpu":
        return first
    return resolve_device(f"cuda:{(first.index or 0) + local_rank}")
