"""Patches moved on a CPU: bilinear, with what lies beyond the edge made up."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.augment.compiled import compiled
from histo_core.data.transforms.augment.geometry_change import Move


def moved(batch: np.ndarray, move: Move) -> np.ndarray:
    """Move patches.

    Args:
        batch: uint8 or float32 [n, h, w, 3], contiguous.
        move: of the same batch.

    Returns:
        float32 [n, h, w, 3]; those that are not to be moved as they are.
    """
    result = np.empty(batch.shape, np.float32)
    displacement = np.empty((0, 0, 0, 2), np.float32) if move.displacement is None else move.displacement
    level = {"black": 0.0, "white": 255.0}.get(move.fill, -1.0)
    _moved(batch, move.which, move.place, displacement, move.fill == "reflect", np.float32(level), result)
    return result


@compiled
def _moved(
    batch: np.ndarray,
    which: np.ndarray,
    place: np.ndarray,
    displacement: np.ndarray,
    reflect: bool,
    level: float,
    result: np.ndarray,
) -> None:
    n, height, width, _ = batch.shape
    around = np.empty((height + 3, 3 * (width + 3)), np.float32)
    rows, columns = np.empty(width, np.float32), np.empty(width, np.float32)
    for i in range(n):
        if not which[i]:
            result[i] = batch[i]
            continue
        _surround(batch[i].reshape(height, -1), level, around)
        for a in range(height):
            _places(place[i], a - np.float32((height - 1) / 2), rows, columns)
            if len(displacement):
                for b in range(width):
                    rows[b] += displacement[i, a, b, 0]
                    columns[b] += displacement[i, a, b, 1]
            _inside(rows, height, reflect, level >= 0)
            _inside(columns, width, reflect, level >= 0)
            _sample(around, rows, columns, result[i, a].reshape(-1))


@compiled
def _surround(patch: np.ndarray, level: float, around: np.ndarray) -> None:
    """Copy a patch, with its edge repeated or, for a level from 0, that level one pixel before and two after it."""
    height, row = patch.shape
    for a in range(height + 3):
        source, line = patch[min(max(a - 1, 0), height - 1)], around[a]
        line[3 : row + 3] = source
        for j in range(3):
            line[j] = source[j]
            line[row + 3 + j] = line[row + 6 + j] = source[row - 3 + j]
    if level >= 0:
        around[0], around[height + 1 :] = level, level
        around[:, :3], around[:, row + 3 :] = level, level


@compiled
def _places(place: np.ndarray, down: float, rows: np.ndarray, columns: np.ndarray) -> None:
    """Where the pixels of a row come from; it lies that far below the centre."""
    row, column = place[0, 1], place[1, 1]
    left = np.float32((len(rows) - 1) / 2)
    first_row = place[0, 0] * down + place[0, 2]
    first_column = place[1, 0] * down + place[1, 2]
    for b in range(len(rows)):
        right = np.float32(b) - left
        rows[b] = row * right + first_row
        columns[b] = column * right + first_column


@compiled
def _inside(places: np.ndarray, side: int, reflect: bool, constant: bool) -> None:
    """Bring places onto the copy that `_surround` made, and count them from its first pixel.

    Mirrored at its edge, half a pixel before the first one, a patch repeats itself after twice its side.
    """
    one, half, period = np.float32(1), np.float32(0.5), np.float32(2 * side)
    low, high = (np.float32(-1), np.float32(side)) if constant else (np.float32(0), np.float32(side - 1))
    if reflect:
        for b in range(len(places)):
            place = abs(places[b] + half)
            place -= period * np.floor(place / period)
            places[b] = min(place, period - place) - half
    for b in range(len(places)):
        places[b] = min(max(places[b], low), high) + one


@compiled
def _sample(around: np.ndarray, rows: np.ndarray, columns: np.ndarray, line: np.ndarray) -> None:
    """Indices are numbers without a sign: a negative one would count from the end, and looking for one takes time."""
    stride, pixels = np.uint64(around.shape[1]), around.reshape(-1)
    three, one, two = np.uint64(3), np.uint64(1), np.uint64(2)
    for b in range(len(rows)):
        top, left = np.int64(rows[b]), np.int64(columns[b])
        down, right = rows[b] - np.float32(top), columns[b] - np.float32(left)
        upper = np.uint64(top) * stride + three * np.uint64(left)
        lower = upper + stride
        place = three * np.uint64(b)
        for channel in (np.uint64(0), one, two):
            near, far = upper + channel, lower + channel
            above = pixels[near] + right * (pixels[near + three] - pixels[near])
            below = pixels[far] + right * (pixels[far + three] - pixels[far])
            line[place + channel] = above + down * (below - above)
