"""Store the activity of a network's rectifiers on the validation set in the run's folder, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from histo_core.disk_errors import disk_needed
from histo_core.files import append_line, keep_lines
from histo_core.regular_files import parse_json, read_end
from histo_core.storable import as_json

FILE = "activations.jsonl"
_MAX_BYTES = 64 << 20
_TAIL = 1 << 22
"""Bytes at a file's end in which the last line is looked for; a line with 160 layers has about 130,000."""

_POWERS = [2 ** (half / 2) for half in range(-20, 21)]
SMALLEST = 2.0**-126
"""Smallest normal float32; values between its negative and 0 count as 0."""
EDGES: tuple[float, ...] = (*(-power for power in reversed(_POWERS)), -SMALLEST, 0.0, *_POWERS)
"""Edges of the histograms: two bins an octave from 2^-10 to 2^10 on either side, and one for 0 alone.

Bin i has the values above edge i - 1 up to edge i; the first has all below, the last all above. The edges are the same
for all layers, epochs and runs, so histograms can be compared and made in one pass.
"""


@dataclass(frozen=True)
class LayerActivity:
    """Activity of one rectifier over all validation patches.

    A unit is a channel of a feature map, or one number where there is no map. It is never active if its output is not
    above 0 for any patch at any position.

    Attributes:
        layer: name of the module that rectifies; a second use within one pass has " #2" appended.
        units: number of units.
        never_active: number of units that are never active.
        low, high: smallest and largest output.
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
        """Share of the units that are never active, 0 to 1."""
        return self.never_active / self.units

    @property
    def zero_share(self) -> float:
        """Share of the outputs that are exactly 0, 0 to 1."""
        return self.counts[EDGES.index(0.0)] / sum(self.counts)


@dataclass(frozen=True)
class EpochActivity:
    """Activity of all rectifiers after one epoch (counted from 0), in the order of computation."""

    epoch: int
    layers: tuple[LayerActivity, ...]


def append_activity(folder: Path, activity: EpochActivity) -> None:
    """Append an epoch's line to the file in a run's folder.

    Raises:
        CheckpointError: the disk cannot be written.
    """
    line = {"epoch": activity.epoch, "edges": EDGES, "layers": [asdict(layer) for layer in activity.layers]}
    with disk_needed("The activations", folder / FILE):
        folder.mkdir(parents=True, exist_ok=True)
        append_line(folder / FILE, as_json(line))


def forget_activity(folder: Path, epoch: int) -> None:
    """Remove the lines of ``epoch`` and later, which a killed process wrote and which will be validated again.

    Raises:
        CheckpointError: the disk cannot be written.
    """
    with disk_needed("The activations", folder / FILE):
        keep_lines(folder / FILE, lambda line: (found := _parsed(line)) is None or found.epoch < epoch)


def read_activity(folder: Path) -> list[EpochActivity]:
    """Read all epochs of a run's folder, in order; empty if the run did not record activity.

    A killed older version could write an epoch twice; then the later line counts. A truncated line, or one with other
    bins, is left out.
    """
    try:
        text = read_end(folder / FILE, _MAX_BYTES).decode(errors="replace")
    except OSError:  # missing, or not a file
        return []
    read = [found for line in text.splitlines() if (found := _parsed(line)) is not None]
    return sorted({one.epoch: one for one in read}.values(), key=lambda one: one.epoch)


def last_activity(folder: Path) -> EpochActivity | None:
    """Read only the last line's epoch; None where no line can be read."""
    try:
        lines = read_end(folder / FILE, _TAIL).decode(errors="replace").splitlines()
    except OSError:
        return None
    return _parsed(lines[-1]) if lines else None


def in_words(activity: EpochActivity) -> str:
    """Say in a sentence how many units were never active."""
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


def _parsed(line: str) -> EpochActivity | None:
    try:
        values: dict[str, Any] = parse_json(line)
        layers = [LayerActivity(**{**one, "counts": tuple(one["counts"])}) for one in values["layers"]]
        return EpochActivity(int(values["epoch"]), tuple(layers)) if values["edges"] == list(EDGES) else None
    except (ValueError, KeyError, TypeError):
        return None
