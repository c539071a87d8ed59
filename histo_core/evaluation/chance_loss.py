"""Find the cross entropy that predictions reach by chance: guessing by class shares, and shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ChanceLoss:
    """Cross entropy (nats) of the same predictions against shuffled labels.

    Attributes:
        mean: its mean over all orders of the labels.
        sd: its standard deviation over all orders; 0 where all patches have the same prediction.
    """

    mean: float
    sd: float


def guessing_loss(counts: np.ndarray | tuple[int, ...]) -> float:
    """Return the entropy of class shares (nats): the lowest cross entropy that one answer for all patches can have.

    Args:
        counts: patches of each class, at least one in all.

    Example:
        >>> round(guessing_loss((50, 50)), 3), round(guessing_loss((90, 10)), 3)
        (0.693, 0.325)
    """
    counts = np.asarray(counts, np.float64)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum())


def chance_loss(labels: np.ndarray, log_probabilities: np.ndarray) -> ChanceLoss:
    """Return the cross entropy of predictions against shuffled labels, exactly and without shuffling.

    With d the double-centred matrix of the losses of each patch under each label, the variance of the sum is
    ``sum of d^2 / (n - 1)``. Patches count as independent.

    Hoeffding, A combinatorial central limit theorem, Ann. Math. Statist. 22, 1951.

    Args:
        labels: int [n], n at least 1.
        log_probabilities: float [n, k], natural logarithms.
    """
    counts = np.bincount(labels, minlength=log_probabilities.shape[1])
    size, shares = len(labels), counts / len(labels)
    losses = -log_probabilities
    of_label, of_patch = losses.mean(axis=0), losses @ shares
    mean = float(of_label @ shares)
    centred = losses - of_patch[:, None] - of_label + mean
    variance = float((centred**2 @ counts).sum()) / (size - 1) if size > 1 else 0.0
    return ChanceLoss(mean, variance**0.5 / size)
