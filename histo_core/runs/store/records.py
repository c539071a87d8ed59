"""Define a run as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from histo_core.config import RunConfig

SPARKLINE_VALUES = 64
"""The most validation losses that a run's progress keeps."""
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
    losses: tuple[float, ...] = ()
    """Validation losses of the epochs 0, ``losses_every``, 2 x ``losses_every`` ..., for a sparkline."""
    losses_every: int = 1

    def with_loss(self, epoch: int, loss: float) -> RunProgress:
        """Add an epoch's validation loss; beyond `SPARKLINE_VALUES` only every second one is kept."""
        known = self.losses[: -(-epoch // self.losses_every)]  # an epoch that is trained again replaces its loss
        if epoch % self.losses_every:
            return replace(self, losses=known)
        losses, every = (*known, loss), self.losses_every
        if len(losses) > SPARKLINE_VALUES:
            losses, every = losses[::2], 2 * every
        return replace(self, losses=losses, losses_every=every)


@dataclass(frozen=True)
class Estimate:
    """A number with the limits of its 95% interval; None where a limit cannot be estimated."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SetResults:
    """A finished run's scores on one set.

    Attributes:
        n, groups: labelled samples, and their patients (else slides); None where neither is known.
        auroc: of the class of interest, for more than two classes the macro average; None where a class is missing.
        accuracy: share of samples whose most probable class is the true one, 0 to 1.
        loss: mean cross entropy in nats.
    """

    n: int
    groups: int | None
    auroc: Estimate | None
    accuracy: Estimate
    loss: Estimate


@dataclass(frozen=True)
class RunResults:
    """A finished run's scores on its validation and its test set; None where a set has no labelled predictions."""

    valid: SetResults | None = None
    test: SetResults | None = None


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
    results: RunResults | None = None
    """None until it has succeeded, and where an older version trained it."""

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
