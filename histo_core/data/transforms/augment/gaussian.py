"""The Gaussian of blurs and of elastic displacements, ended at three SDs."""

from __future__ import annotations

from typing import Literal

import numpy as np

Edge = Literal["mirror", "round"]

REACH = 3
"""SDs at which it ends, rounded to a pixel."""


def gaussians(deviations: np.ndarray) -> np.ndarray:
    """Weights of neighbours, nearer and farther ones on both sides; each row sums to 1.

    Args:
        deviations: float [n], SDs in pixels; 0 leaves a pixel as it is.

    Returns:
        float64 [n, 2 r + 1] with r the widest one's reach; narrower ones are 0 beyond their own.
    """
    reach = (REACH * deviations + 0.5).astype(int)
    steps = np.arange(-reach.max(), reach.max() + 1)
    weights = np.exp(-0.5 * (steps / np.maximum(deviations, 1e-6)[:, None]) ** 2)
    weights[np.abs(steps) > reach[:, None]] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def standing(first: int, last: int, side: int, edge: Edge) -> np.ndarray:
    """Int64, which pixels of a side stand at the places from ``first`` to before ``last``; as often as it takes.

    ``mirror``: before pixel 0 stands pixel 0 again, then 1, then 2. ``round``: the last one, then the one before it.
    """
    place = np.arange(first, last)
    if edge == "round":
        return place % side
    place %= 2 * side
    return np.where(place < side, place, 2 * side - 1 - place)
