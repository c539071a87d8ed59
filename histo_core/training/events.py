"""Typed events of a run; each is one JSON line in ``events.jsonl``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from histo_core.storable import as_json


@dataclass(frozen=True)
class Event:
    """Base class of events."""


@dataclass(frozen=True)
class Started(Event):
    """Training begins, or resumes after an interruption (``epoch`` > 0 or ``batch`` > 0)."""

    epoch: int
    batch: int
    epochs: int
    batches: int
    train_samples: int
    valid_samples: int
    device: str
    threads: int


@dataclass(frozen=True)
class BatchDone(Event):
    """One batch is done. ``loss`` is the mean over the epoch so far; the event is not written to the file."""

    epoch: int
    batch: int
    batches: int
    loss: float
    images_per_second: float
    learning_rate: float


@dataclass(frozen=True)
class EpochDone(Event):
    """An epoch is done and its checkpoint is on disk.

    ``train_loss`` is what training minimises, with label smoothing, class weights and auxiliary classifiers, but
    without penalties. ``valid_loss`` is always the plain cross entropy.

    Training scores come from the epoch's own forward passes: augmented patches, with dropout, from a network that still
    changes. Validation scores come from the network at the epoch's end, on unchanged patches.
    `histo_core.training.scores.EpochScores` defines them and says when they are None. In files of older versions the
    training scores, and all precision, recall and F1, are None, too.

    ``macro`` is true for more than two classes. AUROC is then the mean over the classes, each against the rest, and
    precision, recall and F1 are macro averages. ``learning_rate`` is the optimiser's rate for the classifiers in the
    epoch's last step. ``best`` is true where the epoch's weights are kept until those of a later epoch replace them:
    its validation loss is the lowest so far, or the run keeps its last epoch (``train.checkpoint``).
    """

    epoch: int
    train_loss: float
    valid_loss: float
    valid_accuracy: float
    valid_auroc: float | None
    seconds: float
    best: bool
    learning_rate: float | None = None
    train_accuracy: float | None = None
    train_auroc: float | None = None
    train_precision: float | None = None
    train_recall: float | None = None
    train_f1: float | None = None
    valid_precision: float | None = None
    valid_recall: float | None = None
    valid_f1: float | None = None
    train_weighted_f1: float | None = None
    valid_weighted_f1: float | None = None
    macro: bool = False


@dataclass(frozen=True)
class Stopped(Event):
    """The run stopped on request at a batch's end; the checkpoint is on disk."""

    epoch: int
    batch: int


@dataclass(frozen=True)
class Finished(Event):
    """All epochs are done, or there was no new best epoch for as many epochs as the patience allows."""

    best_epoch: int
    best_valid_loss: float
    reason: Literal["epochs", "patience"] = "epochs"


KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Started, BatchDone, EpochDone, Stopped, Finished)}

_CHECKED: dict[str, TypeAdapter[Event]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}


def to_json(event: Event) -> str:
    """Return one line of JSON with the event's kind and fields."""
    return as_json({"kind": type(event).__name__, **asdict(event)})


def from_json(line: str) -> Event | None:
    """Parse a line; None if a crash truncated it, another version wrote it, or its values have wrong types."""
    try:
        fields: dict[str, Any] = json.loads(line, parse_constant=lambda _: None)
        kind = fields.pop("kind")
        return _CHECKED[kind].validate_python(asdict(KINDS[kind](**fields)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
