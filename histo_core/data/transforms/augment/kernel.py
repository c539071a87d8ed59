"""What was drawn, carried out on a CPU: one pass from uint8 patches to a network's input.

Flips, quarter turns, colours and normalising are that pass; one core does some 25,000 patches of 96 pixels a second,
far more than it can train on. What else was drawn comes before it, each in a pass of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from histo_core.data.transforms.augment.compiled import compiled
from histo_core.data.transforms.augment.draw import LUMA, Changes, origins
from histo_core.data.transforms.augment.gaussian_kernel import smoothed
from histo_core.data.transforms.augment.geometry_kernel import moved
from histo_core.data.transforms.augment.stain_kernel import stained

_RED, _GREEN, _BLUE = LUMA
_BLACK, _WHITE = np.float32(0), np.float32(255)


def change(batch: np.ndarray, changes: Changes, *, mean: Sequence[float], spread: Sequence[float]) -> np.ndarray:
    """Carry out changes and normalise: (changed - mean) / spread.

    Args:
        batch: uint8 [n, h, w, 3].
        changes: one for each patch.
        mean, spread: of each channel, in 0 to 255.

    Returns:
        float32 [n, h, w, 3].
    """
    pixels = np.require(batch, np.uint8, ["C", "W"])  # read-only arrays are another type, to be compiled for anew
    if changes.stain is not None:
        pixels = stained(pixels, changes.stain)
    symmetry = changes.symmetry
    if changes.move is not None:
        pixels = moved(pixels, changes.move)
        symmetry = np.where(changes.move.which, 0, symmetry)
    if changes.blur is not None:
        pixels = smoothed(pixels, changes.blur, "mirror")
    result = np.empty(batch.shape, np.float32)
    centre, scale = np.asarray(mean, np.float32), np.asarray(spread, np.float32)
    _change(
        pixels,
        np.empty(3 * batch.shape[2], np.uint32 if pixels.dtype == np.uint8 else np.float32),
        origins(batch.shape[1], batch.shape[2])[symmetry],
        changes.colour,
        changes.lift,
        centre,
        scale,
        result,
    )
    if changes.dropped is not None:
        _drop(result.reshape(-1, 3), changes.dropped.reshape(-1), (_BLACK - centre) / scale)
    return result


@compiled
def _change(
    batch: np.ndarray,
    totals: np.ndarray,
    origin: np.ndarray,
    colour: np.ndarray,
    lift: np.ndarray,
    mean: np.ndarray,
    spread: np.ndarray,
    result: np.ndarray,
) -> None:
    n, height, width, _ = batch.shape
    row = 3 * width
    line = np.zeros(row + 4, np.float32)  # a row of the result before its colours change, two zeros on either side
    scratch = np.empty(row, batch.dtype)
    weights = np.zeros((5, row), np.float32)
    offset, low, high = np.empty(row, np.float32), np.empty(row, np.float32), np.empty(row, np.float32)
    for j in range(row):
        low[j] = (_BLACK - mean[j % 3]) / spread[j % 3]
        high[j] = (_WHITE - mean[j % 3]) / spread[j % 3]
    for i in range(n):
        patch, changed = batch[i].reshape(-1), result[i].reshape(-1)
        start, down, right = origin[i]
        grey = _mean_grey(patch, totals)
        _fill(weights, offset, colour[i], lift[i] * grey, mean, spread, right == -1)
        for a in range(height):
            _read(patch, 3 * (start + a * down), 3 * right, scratch, line[2:-2])
            _mix(line, weights, offset, low, high, changed[a * row : (a + 1) * row])


@compiled
def _drop(pixels: np.ndarray, dropped: np.ndarray, black: np.ndarray) -> None:
    for j in range(len(pixels)):
        if dropped[j]:
            for channel in range(3):
                pixels[j, channel] = black[channel]


@compiled
def _mean_grey(patch: np.ndarray, totals: np.ndarray) -> float:
    """For whole levels exact up to the last division; ``totals``, one a column and channel, is overwritten."""
    row = len(totals)
    totals[:] = 0
    for start in range(0, len(patch), row):
        line = patch[start : start + row]
        for j in range(row):
            totals[j] += line[j]
    red, green, blue = 0, 0, 0
    for j in range(0, row, 3):
        red, green, blue = red + totals[j], green + totals[j + 1], blue + totals[j + 2]
    return (_RED * red + _GREEN * green + _BLUE * blue) / (len(patch) // 3)


@compiled
def _fill(
    weights: np.ndarray,
    offset: np.ndarray,
    colour: np.ndarray,
    lift: float,
    mean: np.ndarray,
    spread: np.ndarray,
    backwards: bool,
) -> None:
    """Write colours and normalisation as weights of a value's neighbours, two before to two after it.

    A row of pixels is red, green, blue, red ...; with weights that repeat every three values, mixing the channels is
    a product of whole rows, where picking every third value would take three times as long. Rows that were read
    backwards hold blue first. Weights of the neighbouring pixels' values are 0 and stay so.
    """
    for channel in range(3):
        for source in range(3):
            place = (2 - source if backwards else source) - channel + 2
            weights[place, channel::3] = colour[channel, source] / spread[channel]
        offset[channel::3] = (lift - mean[channel]) / spread[channel]


@compiled
def _read(patch: np.ndarray, first: int, step: int, scratch: np.ndarray, line: np.ndarray) -> None:
    """Read a row of pixels that lie ``step`` values apart; backwards ones blue first, as one run of memory.

    Indices are numbers without a sign: a negative one would count from the end, and looking for one costs a factor of
    two to four.
    """
    if step == 3:
        run = patch[first : first + len(line)]
        for j in range(len(line)):
            line[j] = run[j]
    elif step == -3:
        last = np.uint64(first + 2)
        for j in range(len(line)):
            line[j] = patch[last - np.uint64(j)]
    else:
        source, place = np.uint64(first), np.uint64(0)
        stride, one, two = np.uint64(step), np.uint64(1), np.uint64(2)  # a negative stride comes round to the same
        # Bytes first: a whole row of them becomes numbers faster than one at a time.
        for _ in range(len(line) // 3):
            scratch[place] = patch[source]
            scratch[place + one] = patch[source + one]
            scratch[place + two] = patch[source + two]
            source += stride
            place += np.uint64(3)
        for j in range(len(line)):
            line[j] = scratch[j]


@compiled
def _mix(
    line: np.ndarray, weights: np.ndarray, offset: np.ndarray, low: np.ndarray, high: np.ndarray, changed: np.ndarray
) -> None:
    far_before, before, own, after, far_after = weights[0], weights[1], weights[2], weights[3], weights[4]
    for j in range(len(changed)):
        value = (
            far_before[j] * line[j]
            + before[j] * line[j + 1]
            + own[j] * line[j + 2]
            + after[j] * line[j + 3]
            + far_after[j] * line[j + 4]
            + offset[j]
        )
        changed[j] = min(max(value, low[j]), high[j])
