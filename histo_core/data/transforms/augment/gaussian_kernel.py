"""Smooth patches and fields by Gaussians on the CPU."""

from __future__ import annotations

import numpy as np

from histo_core.data.transforms.augment.compiled import compiled
from histo_core.data.transforms.augment.gaussian import Edge, extended_indices, gaussians


def smoothed(batch: np.ndarray, deviations: np.ndarray, edge: Edge) -> np.ndarray:
    """Smooth each patch or field of a batch.

    Args:
        batch: uint8 [n, h, w, c]; or float32, contiguous, which is overwritten.
        deviations: float [n], the Gaussians' SD in pixels; 0 changes nothing.
        edge: how the edges are extended.

    Returns:
        float32 [n, h, w, c].
    """
    result = np.asarray(batch, np.float32)
    n, height, width, channels = batch.shape
    weights = gaussians(deviations)
    reach = weights.shape[1] // 2
    rows, columns = (extended_indices(-reach, side + reach, side, edge) for side in (height, width))
    lines = result.reshape(n, height, width * channels)
    _smooth(lines, weights[:, reach:].astype(np.float32), rows, columns, channels)
    return result


@compiled
def _smooth(batch: np.ndarray, weights: np.ndarray, rows: np.ndarray, columns: np.ndarray, channels: int) -> None:
    """Smooth a batch in place; ``rows`` and ``columns`` are the `extended_indices` of its sides."""
    n, height, row = batch.shape
    most = weights.shape[1] - 1
    down = np.empty((height, row), np.float32)
    line = np.empty(channels * len(columns), np.float32)
    for i in range(n):
        reach = most
        while reach > 0 and weights[i, reach] == 0:
            reach -= 1
        if reach == 0:
            continue
        _smooth_down(batch[i], weights[i, : reach + 1], rows, most, down)
        _smooth_across(down, weights[i, : reach + 1], columns, channels, line, batch[i])


@compiled
def _smooth_down(patch: np.ndarray, weights: np.ndarray, rows: np.ndarray, most: int, result: np.ndarray) -> None:
    """Smooth along columns: add the weighted row itself, then its neighbours on both sides at once."""
    for a in range(len(patch)):
        total, own, weight = result[a], patch[a], weights[0]
        for j in range(len(total)):
            total[j] = weight * own[j]
        for step in range(1, len(weights)):
            weight, above, below = weights[step], patch[rows[most + a - step]], patch[rows[most + a + step]]
            for j in range(len(total)):
                total[j] += weight * (above[j] + below[j])


@compiled
def _smooth_across(
    patch: np.ndarray,
    weights: np.ndarray,
    columns: np.ndarray,
    channels: int,
    line: np.ndarray,
    result: np.ndarray,
) -> None:
    beyond = (len(line) - patch.shape[1]) // 2
    for a in range(len(patch)):
        _extend(patch[a], columns, channels, line)
        total, own, weight = result[a], patch[a], weights[0]
        for j in range(len(total)):
            total[j] = weight * own[j]
        for step in range(1, len(weights)):
            weight, left, right = weights[step], line[beyond - channels * step :], line[beyond + channels * step :]
            for j in range(len(total)):
                total[j] += weight * (left[j] + right[j])


@compiled
def _extend(row: np.ndarray, columns: np.ndarray, channels: int, line: np.ndarray) -> None:
    """Write a row extended beyond both ends."""
    beyond = (len(line) - len(row)) // 2
    line[beyond : beyond + len(row)] = row
    for b in range(beyond // channels):
        right = len(columns) - 1 - b
        for channel in range(channels):
            line[channels * b + channel] = row[channels * columns[b] + channel]
            line[channels * right + channel] = row[channels * columns[right] + channel]
