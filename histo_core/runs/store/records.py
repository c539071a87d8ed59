"""A run as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from histo_core.config import RunConfig

OPEN_DEVICE = "auto"
"""The device of a waiting run that takes any GPU that is free."""


class RunStatus(StrEnum):
    """The explicit state of a run; never guessed from logs or files."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its worker died without writing an end; it can be resumed."""
    UNREADABLE = "unreadable"
    """Its row cannot be read by this version; in the database it keeps the state it has."""

    @property
    def active(self) -> bool:
        return self in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def resumable(self) -> bool:
        return self in (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.LOST)


@dataclass(frozen=True)
class RunProgress:
    """How far a running worker says it is."""

    phase: str
    """preparing, training, predicting"""
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    images_per_second: float = 0.0
    best_epoch: int | None = None
    """The epoch, counted from 0, with the lowest validation loss so far; its figures follow."""
    best_valid_loss: float | None = None
    best_valid_accuracy: float | None = None
    best_valid_auroc: float | None = None
    memory_bytes: int = 0
    """Of the worker and the processes it started, when it was last looked."""
    gpu_memory_bytes: int = 0
    gpu_percent: int | None = None
    """How busy the worker's GPU is; None on a CPU."""
    train_loss: float | None = None
    """Mean over the epoch so far, or over the one that has just ended; None before the first batch."""


@dataclass(frozen=True)
class Run:
    """One row of the store. Times are UTC."""

    run_id: str
    name: str
    config: RunConfig
    config_hash: str
    data_hash: str
    split_fingerprint: str
    attempt: int
    status: RunStatus
    reason: str
    """Why it failed, was lost or was cancelled; one sentence, empty else."""
    device: str
    progress: RunProgress | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    pid: int | None
    priority: int = 0
    """Of runs that wait, higher ones are started first."""
    tags: tuple[str, ...] = ()
    note: str = ""
    archived_at: datetime | None = None
    """When it was archived: lists leave it out unless asked."""
    test_fingerprint: str = ""
    """Of its test set (`histo_core.runs.store.test_set_access`); empty where that is empty or was never kept."""
    origin: str = ""
    """Which study's run it was made from (`histo_core.studies.origin`); empty where it comes from none."""

    @property
    def devices(self) -> frozenset[str]:
        """All devices that it keeps busy while it runs."""
        return held_devices(self.device, self.config.train.devices)


def held_devices(device: str, count: int) -> frozenset[str]:
    """The devices of a run whose first one is ``device``: the next CUDA devices follow; processes share any other."""
    kind, _, first = device.partition(":")
    if not first:
        return frozenset({device})
    return frozenset(f"{kind}:{number}" for number in range(int(first), int(first) + count))
