"""Checkpoints that are whole or not there.

Files first, each under a name of its own; then the manifest, which is the commit point; then what no manifest names
is removed. The checkpoint before the last is kept, in case the last one's bytes rot.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from histo_core.config import Config, parse_config
from histo_core.disk_errors import advice
from histo_core.errors import CheckpointError, ConfigError
from histo_core.files import sha256
from histo_core.models.weights.header import WeightsHeader, save_weights
from histo_core.models.weights.manifest import BestEntry, LastEntry, Manifest, read_manifest, write_manifest
from histo_core.models.weights.tensorfile import read_tensors, write_tensors
from histo_core.training.events import EpochDone
from histo_core.training.failures import check_weights

WEIGHTS = "model."
"""What the names of the network's own tensors begin with."""

log = logging.getLogger(__name__)


class Position(Config):
    """How far training is: ``batch`` batches of epoch ``epoch`` are done, with what they summed up to."""

    epoch: int = Field(default=0, ge=0)
    batch: int = Field(default=0, ge=0)
    loss_sum: float = 0.0
    samples: int = Field(default=0, ge=0)
    seconds: float = 0.0
    learning_rate: float | None = None
    """Of the epoch's last step so far, as the optimiser used it."""
    last_epoch: EpochDone | None = None
    valid_losses: tuple[float, ...] = ()
    """Of all epochs that are done; schedules and early stopping look at them."""

    def after_batch(self, loss: float, samples: int, seconds: float, learning_rate: float | None = None) -> Position:
        """One batch further; ``loss`` is the mean over its samples, ``learning_rate`` None where no step ended."""
        return self.model_copy(
            update={
                "batch": self.batch + 1,
                "loss_sum": self.loss_sum + loss * samples,
                "samples": self.samples + samples,
                "seconds": self.seconds + seconds,
                "learning_rate": self.learning_rate if learning_rate is None else learning_rate,
            }
        )

    def after_epoch(self, done: EpochDone) -> Position:
        """At the start of the next epoch."""
        return Position(epoch=done.epoch + 1, last_epoch=done, valid_losses=(*self.valid_losses, done.valid_loss))

    @property
    def mean_loss(self) -> float:
        """Mean loss over the epoch's samples so far; at least one batch must be done."""
        return self.loss_sum / self.samples


class _Description(Config):
    version: Literal[1] = 1
    identity: dict[str, Any]
    position: Position


@dataclass(frozen=True, eq=False)
class BestWeights:
    """Weights to keep as the best so far."""

    model: nn.Module
    header: WeightsHeader
    epoch: int
    valid_loss: float


@dataclass(frozen=True, eq=False)
class Restored:
    """A training state read back. ``file`` is where it came from."""

    file: Path
    tensors: dict[str, Tensor]
    position: Position
    best: BestEntry | None


class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: the run's checkpoint folder; one process at a time writes there.
        identity: what a state must have been trained with to be gone on from here; flat JSON values by field.
    """

    def __init__(self, folder: Path, identity: Mapping[str, Any]) -> None:
        self._folder, self._identity = folder, dict(identity)

    def save(self, tensors: Mapping[str, Tensor], position: Position, best: BestWeights | None = None) -> None:
        """Write a state, and new best weights where there are any.

        Raises:
            TrainingError: a weight is infinite or no number; the last checkpoint is as it was.
            CheckpointError: the disk refused; the last checkpoint is as it was.
        """
        weights = {name: tensor for name, tensor in tensors.items() if name.startswith(WEIGHTS)}
        check_weights(weights, f"epoch {position.epoch + (position.batch > 0)}")
        before = read_manifest(self._folder)
        tag = f"{position.epoch}-{position.batch}-{token_hex(4)}"
        try:
            manifest = Manifest(
                last=self._write_last(tag, tensors, position),
                previous=before.last if before else None,
                best=self._write_best(tag, best) if best else before.best if before else None,
            )
            write_manifest(self._folder, manifest)
        except OSError as error:
            # A rename whose sync failed may or may not survive a crash, so what either manifest names stays.
            now = read_manifest(self._folder)
            self._remove_all_but(*(kept for kept in (before, now) if kept))
            raise CheckpointError(
                f"The checkpoint could not be written to {self._folder}: {error.strerror or error}.",
                "A disk with room for it is needed.",
                f"{advice(error)}, then resume: the last checkpoint is intact.",
            ) from error
        self._remove_all_but(manifest)

    def load(self) -> Restored | None:
        """Read the last state back, or the one before when the last is damaged (a warning is logged).

        Returns:
            None where nothing was saved yet.

        Raises:
            CheckpointError: nothing readable is left, the best weights are damaged, or the state belongs to another
                configuration.
        """
        manifest = read_manifest(self._folder)
        if manifest is None:
            return None
        restored = self._read(manifest, manifest.last)
        if restored is None and manifest.previous is not None:
            restored = self._read(manifest, manifest.previous)
        if restored is None or not self._best_is_whole(manifest):
            raise CheckpointError(
                f"The checkpoint in {self._folder} is damaged, and nothing to go on from is left.",
                "Files as they were written are needed.",
                "Start the run again.",
            )
        return restored

    def _write_last(self, tag: str, tensors: Mapping[str, Tensor], position: Position) -> LastEntry:
        file = f"last.{tag}.safetensors"
        description = _Description(identity=self._identity, position=position)
        digest = write_tensors(self._folder / file, tensors, description.model_dump(mode="json"))
        return LastEntry(file=file, sha256=digest, epoch=position.epoch, batch=position.batch)

    def _write_best(self, tag: str, best: BestWeights) -> BestEntry:
        file = f"best.{tag}.safetensors"
        digest = save_weights(self._folder / file, best.model, best.header)
        return BestEntry(file=file, sha256=digest, epoch=best.epoch, valid_loss=best.valid_loss)

    def _read(self, manifest: Manifest, entry: LastEntry) -> Restored | None:
        file = self._folder / entry.file
        try:
            tensors, values = read_tensors(file, entry.sha256)
            description = parse_config(_Description, values)
        except (CheckpointError, ConfigError) as error:
            log.warning("%s The checkpoint before it is used, if there is one.", error)
            return None
        self._check_identity(file, description.identity)
        return Restored(file, tensors, description.position, manifest.best)

    def _best_is_whole(self, manifest: Manifest) -> bool:
        with suppress(OSError):
            return manifest.best is None or sha256(self._folder / manifest.best.file) == manifest.best.sha256
        return False

    def _check_identity(self, file: Path, saved: Mapping[str, Any]) -> None:
        changed = [
            f"{field} was {saved.get(field)!r} and is {self._identity.get(field)!r}"
            for field in sorted({*saved, *self._identity})
            if saved.get(field) != self._identity.get(field)
        ]
        if changed:
            raise CheckpointError(
                f"{file} was trained with another configuration: {'; '.join(changed)}.",
                "Only the data's folder, device, devices, threads, patience, predictions and, unless the schedule "
                "spans them, epochs may change.",
                "Start a new run for the new configuration.",
            )

    def _remove_all_but(self, *manifests: Manifest) -> None:
        keep = {name for manifest in manifests for name in manifest.files}
        for pattern in ("last.*.safetensors", "best.*.safetensors", ".*.part"):
            for file in self._folder.glob(pattern):
                if file.name not in keep:
                    with suppress(OSError):  # a leftover costs room only; the next save tries again
                        file.unlink()
