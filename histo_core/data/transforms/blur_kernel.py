"""Gaussian blur on a processor, with the patch mirrored at its edges."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.compiled import compiled
from histo_core.data.transforms.gaussian import gaussians, mirrored


def blurred(batch: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Blur patches.

    Args:
        batch: uint8 [n, h, w, 3], or float32, contiguous, which is overwritten.
        deviations: float32 [n], the Gaussian's SD in pixels; 0 for none.

    Returns:
        float32 [n, h, w, 3].
    """
    result = np.asarray(batch, np.float32)
    _, height, width, _ = batch.shape
    taps = gaussians(deviations).astype(np.float32)
    reach = taps.shape[1] // 2
    above, left = mirrored(-reach, height + reach, height), mirrored(-reach, width + reach, width)
    _blur(result.reshape(len(batch), height, 3 * width), taps, above, left)
    return result


@compiled
def _blur(batch: np.ndarray, taps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
    """``rows`` and ``columns``: which ones stand where, from the widest Gaussian's reach before the first."""
    n, height, row = batch.shape
    most = taps.shape[1] // 2
    smooth = np.empty((height, row), np.float32)
    line = np.empty(3 * len(columns), np.float32)
    for i in range(n):
        reach = most
        while reach > 0 and taps[i, most - reach] == 0:
            reach -= 1
        if reach == 0:
            continue
        patch, weights = batch[i], taps[i, most - reach : most + reach + 1]
        for a in range(height):
            smooth[a] = 0
            for t in range(len(weights)):
                _add(weights[t], patch[rows[a + t + most - reach]], smooth[a])
        for a in range(height):
            _extend(smooth[a], columns, line)
            patch[a] = 0
            for t in range(len(weights)):
                start = 3 * (t + most - reach)
                _add(weights[t], line[start : start + row], patch[a])


@compiled
def _extend(row: np.ndarray, columns: np.ndarray, line: np.ndarray) -> None:
    """Write a row with what stands beyond its ends."""
    beyond = (len(line) - len(row)) // 2
    line[beyond : beyond + len(row)] = row
    for b in range(beyond // 3):
        right = len(columns) - 1 - b
        for channel in range(3):
            line[3 * b + channel] = row[3 * columns[b] + channel]
            line[3 * right + channel] = row[3 * columns[right] + channel]


@compiled
def _add(weight: float, values: np.ndarray, total: np.ndarray) -> None:
    for j in range(len(total)):
        total[j] += weight * values[j]
