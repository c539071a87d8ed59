"""Store what each epoch says about whether a network learns: losses beside chance, gradients, sizes of weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from histo_core.disk_errors import disk_needed
from histo_core.files import append_line, keep_lines
from histo_core.regular_files import parse_json, read_end
from histo_core.storable import as_json

FILE = "learning.jsonl"
"""File in a run's folder, one line an epoch. Runs of older versions have none."""
_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class SetLearning:
    """An epoch's predictions of one set, beside chance.

    Attributes:
        classes: patches of each class.
        answers: patches for which each class is predicted.
        loss: plain cross entropy (nats), without smoothing or class weights.
        chance_loss, chance_sd: mean and SD of the loss against shuffled labels
            (`histo_core.evaluation.chance_loss`).
        spread: largest standard deviation over the patches of a class's probability; 0 means one answer for all.
        sum_to_one: whether the network's outputs are probabilities already: between 0 and 1, with sum 1.
    """

    classes: tuple[int, ...]
    answers: tuple[int, ...]
    loss: float
    chance_loss: float
    chance_sd: float
    spread: float
    sum_to_one: bool = False


@dataclass(frozen=True)
class StepLearning:
    """The step in the middle of an epoch.

    Attributes:
        gradient_norm: norm of the gradient over all trained weights before clipping; None where it is not finite.
        step_share: norm of the change of the weights by the norm of the weights, on a sample of each layer.
        units: output units of all trained layers.
        silent_units: units whose weights have a gradient of exactly 0; None with an L1 penalty, which always has one.
    """

    gradient_norm: float | None
    step_share: float | None
    units: int
    silent_units: int | None


@dataclass(frozen=True)
class WeightsLearning:
    """The trained weights of an epoch.

    Attributes:
        norm_before, norm_after: their norm at the epoch's beginning and end.
        layers: number of weight matrices and filters.
        uniform_layers: number of those whose values are all the same at the epoch's beginning.
    """

    norm_before: float
    norm_after: float
    layers: int
    uniform_layers: int


@dataclass(frozen=True)
class EpochLearning:
    """What one epoch (counted from 0) says about learning.

    ``train`` is of the epoch's own passes, as the training scores; None if an older version began the epoch. ``step``
    is None if training resumed behind the middle of the epoch. ``steps`` is the number of steps of an epoch.
    """

    epoch: int
    steps: int
    train: SetLearning | None
    valid: SetLearning | None
    weights: WeightsLearning
    step: StepLearning | None


_CHECKED = TypeAdapter(EpochLearning)


def append_learning(folder: Path, learning: EpochLearning) -> None:
    """Append an epoch's line to the file in a run's folder.

    Raises:
        CheckpointError: the disk cannot be written.
    """
    with disk_needed("The record of learning", folder / FILE):
        folder.mkdir(parents=True, exist_ok=True)
        append_line(folder / FILE, as_json(asdict(learning)))


def forget_learning(folder: Path, epoch: int) -> None:
    """Remove the lines of ``epoch`` and later, which a killed process wrote.

    Raises:
        CheckpointError: the disk cannot be written.
    """
    with disk_needed("The record of learning", folder / FILE):
        keep_lines(folder / FILE, lambda line: (found := _parsed(line)) is None or found.epoch < epoch)


def read_learning(folder: Path) -> list[EpochLearning]:
    """Read all epochs of a run's folder, in order; empty where nothing was recorded. Damaged lines are left out."""
    try:
        text = read_end(folder / FILE, _MAX_BYTES).decode(errors="replace")
    except OSError:  # missing, or not a file
        return []
    read = [found for line in text.splitlines() if (found := _parsed(line)) is not None]
    return sorted({one.epoch: one for one in read}.values(), key=lambda one: one.epoch)


def _parsed(line: str) -> EpochLearning | None:
    try:
        return _CHECKED.validate_python(parse_json(line))
    except (ValueError, ValidationError, RecursionError):
        return None
