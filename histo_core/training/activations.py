"""What a network's rectifiers did on the validation set, epoch by epoch, as it lies in a run's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from histo_core.disk_errors import advice
from histo_core.errors import CheckpointError
from histo_core.files import append_line, keep_lines
from histo_core.regular_files import parse_json, read_end
from histo_core.storable import as_json

FILE = "activations.jsonl"
_MAX_BYTES = 64 << 20
_TAIL = 1 << 22
"""Bytes at a file's end in which the last line is looked for; one of 160 layers takes about 130,000."""

_POWERS = [2 ** (half / 2) for half in range(-20, 21)]
SMALLEST = 2.0**-126
"""Normal float32 above 0; what lies between its negative and 0 counts as 0."""
EDGES: tuple[float, ...] = (*(-power for power in reversed(_POWERS)), -SMALLEST, 0.0, *_POWERS)
"""Of the histograms: two bins an octave from 2^-10 to 2^10 on either side, and one of 0 alone.

Bin i holds the values above edge i - 1 up to edge i; the first all below, the last all above. Being the same for all
layers, epochs and runs, they let histograms be compared, and need no look at the values beforehand.
"""


@dataclass(frozen=True)
class LayerActivity:
    """One rectifier over all validation patches.

    A unit is a channel of a feature map, or one number where there is no map. It is never active where its output is
    above 0 for no patch at no place.

    Attributes:
        layer: name of the module that rectifies; a second use within one pass has " #2" behind it.
        units: how many there are.
        never_active: how many of them are.
        low, high: of all its outputs.
        total, squares: sum of the outputs, and of their squares.
        counts: outputs in each bin of `EDGES`, one more than there are edges.
    """

    layer: str
    units: int
    never_active: int
    low: float
    high: float
    total: float
    squares: float
    counts: tuple[int, ...]

    @property
    def never_active_share(self) -> float:
        """Share of the units, 0 to 1."""
        return self.never_active / self.units

    @property
    def zero_share(self) -> float:
        """Share of the outputs that are exactly 0, 0 to 1."""
        return self.counts[EDGES.index(0.0)] / sum(self.counts)


@dataclass(frozen=True)
class EpochActivity:
    """All rectifiers after one epoch (counted from 0), in the order in which they compute."""

    epoch: int
    layers: tuple[LayerActivity, ...]


def append_activity(folder: Path, activity: EpochActivity) -> None:
    """Write an epoch's line to a run's folder.

    Raises:
        CheckpointError: the disk refused.
    """
    line = {"epoch": activity.epoch, "edges": EDGES, "layers": [asdict(layer) for layer in activity.layers]}
    with _on_the_disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        append_line(folder / FILE, as_json(line))


def forget_activity(folder: Path, epoch: int) -> None:
    """Take out what a killed process wrote of epochs from ``epoch`` on, which will be validated again.

    Raises:
        CheckpointError: the disk refused.
    """
    with _on_the_disk(folder):
        keep_lines(folder / FILE, lambda line: (found := _parsed(line)) is None or found.epoch < epoch)


def read_activity(folder: Path) -> list[EpochActivity]:
    """All epochs of a run's folder, in order; empty where the run was not asked to record them.

    An older version wrote an epoch twice when it was killed: the later line counts. A torn line, or one of other bins,
    is left out.
    """
    try:
        text = read_end(folder / FILE, _MAX_BYTES).decode(errors="replace")
    except OSError:  # not there, or no file
        return []
    read = [found for line in text.splitlines() if (found := _parsed(line)) is not None]
    return sorted({one.epoch: one for one in read}.values(), key=lambda one: one.epoch)


def last_activity(folder: Path) -> EpochActivity | None:
    """The epoch of the last line, without reading the others; None where there is none that can be read."""
    try:
        lines = read_end(folder / FILE, _TAIL).decode(errors="replace").splitlines()
    except OSError:
        return None
    return _parsed(lines[-1]) if lines else None


def in_words(activity: EpochActivity) -> str:
    """How many units were never active, in a sentence."""
    layers: Sequence[LayerActivity] = activity.layers
    units, never = sum(layer.units for layer in layers), sum(layer.never_active for layer in layers)
    if not units:
        return "The network has no rectifier whose units could be counted."
    after = f"After epoch {activity.epoch + 1}"
    if not never:
        return f"{after}, each of the {units:,} units was active for some validation patch."
    worst = max(layers, key=lambda layer: layer.never_active_share)
    return (
        f"{after}, {never:,} of {units:,} units were never active in validation; the largest share is in "
        f"{worst.layer}: {worst.never_active:,} of {worst.units:,}."
    )


@contextmanager
def _on_the_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"The activations could not be written to {folder / FILE}: {error.strerror or error}.",
            "A disk with room for them is needed.",
            f"{advice(error)}, then resume: the last checkpoint is intact.",
        ) from error


def _parsed(line: str) -> EpochActivity | None:
    try:
        values: dict[str, Any] = parse_json(line)
        layers = [LayerActivity(**{**one, "counts": tuple(one["counts"])}) for one in values["layers"]]
        return EpochActivity(int(values["epoch"]), tuple(layers)) if values["edges"] == list(EDGES) else None
    except (ValueError, KeyError, TypeError):
        return None
