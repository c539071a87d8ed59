"""What happens during a run, as typed events; one JSON line each in ``events.jsonl``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from histo_core.storable import as_json


@dataclass(frozen=True)
class Event:
    """Something that happened."""


@dataclass(frozen=True)
class Started(Event):
    """Training begins, or goes on after an interruption (``epoch`` > 0 or ``batch`` > 0)."""

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
    """One batch. ``loss`` is the mean over the epoch so far; not written to the file."""

    epoch: int
    batch: int
    batches: int
    loss: float
    images_per_second: float
    learning_rate: float


@dataclass(frozen=True)
class EpochDone(Event):
    """An epoch whose checkpoint is already on disk.

    ``train_loss`` is the loss as it was trained on: with its smoothing, weights and auxiliary classifiers, without
    penalties. ``valid_loss`` is the plain cross entropy, whatever was trained on.

    Scores of training are of the epoch's own forward passes: augmented patches, with dropout, from a network that
    still changes. Those of validation are of the network at the epoch's end, on patches as they are. What they are
    and when they are None says `histo_core.training.scores.EpochScores`; those of training, and precision, recall and
    F1, are None as well in what an older version wrote. With ``macro`` there are more than two classes: AUROC is the
    mean of one class against the rest, and precision, recall and F1 are macro averages.

    ``learning_rate`` is what the optimiser used in the epoch's last step, for the classifiers.
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
    """Stopped on request at a batch's end; the checkpoint is on disk."""

    epoch: int
    batch: int


@dataclass(frozen=True)
class Finished(Event):
    """All epochs are done, or no new best came for as many as the patience allows."""

    best_epoch: int
    best_valid_loss: float
    reason: Literal["epochs", "patience"] = "epochs"


KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Started, BatchDone, EpochDone, Stopped, Finished)}

_CHECKED: dict[str, TypeAdapter[Event]] = {name: TypeAdapter(kind) for name, kind in KINDS.items()}


def to_json(event: Event) -> str:
    """One line of JSON with the event's kind and fields."""
    return as_json({"kind": type(event).__name__, **asdict(event)})


def from_json(line: str) -> Event | None:
    """Read a line back; None for one that a crash tore or another version wrote, or whose values are of wrong types."""
    try:
        fields: dict[str, Any] = json.loads(line, parse_constant=lambda _: None)
        kind = fields.pop("kind")
        return _CHECKED[kind].validate_python(asdict(KINDS[kind](**fields)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
