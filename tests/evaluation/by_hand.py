"""The formulas of docs/statistics.md written out once more, group by group and without the code's shortcuts."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import t


def satterthwaite(sizes: np.ndarray, variances: list[float] | None = None) -> float:
    """Degrees of freedom for sizes [groups, components]."""
    n_groups, n_components = sizes.shape
    carried, total = np.zeros(n_groups), 0.0
    for j in range(n_components):
        squares = [float(n) ** 2 for n in sizes[:, j]]
        effective = sum(squares) ** 2 / sum(square**2 for square in squares)
        s = variances[j] if variances else sum(squares) / sum(sizes[:, j]) ** 2
        total += s
        for g in range(n_groups):
            carried[g] += s * squares[g] / sum(squares) * math.sqrt(effective / (effective - 1))
    return total**2 / sum(c**2 for c in carried)


def jackknife_by_hand(
    value: float, left: np.ndarray, sizes: np.ndarray, df: float | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Limits of a number between 0 and 1 from its values without each group that has samples of it."""
    used = sizes.sum(axis=1) > 0
    left, sizes = left[used], sizes[used]
    k = len(left)
    quantile = t.ppf((1 + confidence) / 2, satterthwaite(sizes) if df is None else df)
    pulls = left.mean() - left
    plain = math.sqrt((k - 1) / k * sum(pulls**2)) / (value * (1 - value))
    logits = [math.log(x / (1 - x)) for x in left]
    on_logits = math.sqrt((k - 1) / k * sum((x - sum(logits) / k) ** 2 for x in logits))
    more = sum(pulls**3) / sum(pulls**2) ** 1.5 * (2 * quantile**2 + 1) / 6
    centre = math.log(value / (1 - value))
    low = centre - max(plain * (quantile + max(-more, 0)), quantile * on_logits)
    high = centre + max(plain * (quantile + max(more, 0)), quantile * on_logits)
    return 1 / (1 + math.exp(-low)), 1 / (1 + math.exp(-high))
