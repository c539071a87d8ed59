"""Define a run as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from histo_core.config import RunConfig

OPEN_DEVICE = "auto"
"""The device of a waiting run that accepts any free GPU."""


class RunStatus(StrEnum):
    """The explicit state of a run; it is never inferred from logs or files."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "lost"  # the stored name of earlier versions
    """Its worker died without recording an end; the run can be resumed."""
    UNREADABLE = "unreadable"
    """This version cannot read its row; the state in the database does not change."""

    @property
    def word(self) -> str:
        """Return the status as people read it; its value is what databases and files keep."""
        return "interrupted" if self is RunStatus.INTERRUPTED else self.value

    @property
    def active(self) -> bool:
        return self in (RunStatus.QUEUED, RunStatus.RUNNING)

    @property
    def resumable(self) -> bool:
        return self in (RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.INTERRUPTED)


@dataclass(frozen=True)
class RunProgress:
    """The progress that a running worker reports."""

    phase: str
    """preparing, training or predicting"""
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    images_per_second: float = 0.0
    best_epoch: int | None = None
    """The epoch, counted from 0, whose weights are kept so far (``train.checkpoint``); the fields below are its own."""
    best_valid_loss: float | None = None
    best_valid_accuracy: float | None = None
    best_valid_auroc: float | None = None
    memory_bytes: int = 0
    """Memory of the worker and its child processes at the last measurement."""
    gpu_memory_bytes: int = 0
    gpu_percent: int | None = None
    """The utilisation of the worker's GPU; None on a CPU."""
    train_loss: float | None = None
    """Mean over the current epoch so far, or over the epoch that has just ended; None before the first batch."""


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
    """Why it failed, was interrupted or was cancelled, in one sentence; else empty."""
    device: str
    progress: RunProgress | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    pid: int | None
    priority: int = 0
    """Waiting runs with a higher priority start first."""
    tags: tuple[str, ...] = ()
    note: str = ""
    archived_at: datetime | None = None
    """When it was archived; None where it is not. Lists leave archived runs out by default."""
    test_fingerprint: str = ""
    """Fingerprint of its test set (`histo_core.runs.store.test_set_access`); empty where there is none on record."""
    origin: str = ""
    """The study's run that it was made from (`histo_core.studies.origin`); empty where it was made from none."""

    @property
    def devices(self) -> frozenset[str]:
        """All devices that it uses while it runs."""
        return held_devices(self.device, self.config.train.devices)


def held_devices(device: str, count: int) -> frozenset[str]:
    """Return a run's devices: ``device`` and the CUDA devices after it; processes share a device of any other kind."""
    kind, _, first = device.partition(":")
    if not first:
        return frozenset({device})
    return frozenset(f"{kind}:{number}" for number in range(int(first), int(first) + count))
