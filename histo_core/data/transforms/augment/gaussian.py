"""The Gaussian of blurs and of elastic displacements, truncated at three SDs."""

from __future__ import annotations

from typing import Literal

import numpy as np

Edge = Literal["mirror", "round"]

REACH = 3
"""SDs at which it is truncated, rounded to a pixel."""


def gaussians(deviations: np.ndarray) -> np.ndarray:
    """Compute the kernels of Gaussians, symmetric around the centre; each row sums to 1.

    Args:
        deviations: float [n], SDs in pixels; 0 leaves a pixel as it is.

    Returns:
        float64 [n, 2 r + 1] with r the radius of the widest; narrower ones are 0 beyond their own radius.
    """
    reach = (REACH * deviations + 0.5).astype(int)
    steps = np.arange(-reach.max(), reach.max() + 1)
    weights = np.exp(-0.5 * (steps / np.maximum(deviations, 1e-6)[:, None]) ** 2)
    weights[np.abs(steps) > reach[:, None]] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def extended_indices(first: int, last: int, side: int, edge: Edge) -> np.ndarray:
    """Return which pixels of a side extend it to the indices ``first`` up to (not including) ``last``, int64.

    Going left from pixel 0: with ``mirror`` come pixel 0 again, then 1, then 2; with ``round`` come the last pixel,
    then the one before it. The extension repeats as often as needed.
    """
    place = np.arange(first, last)
    if edge == "round":
        return place % side
    place %= 2 * side
    return np.where(place < side, place, 2 * side - 1 - place)
