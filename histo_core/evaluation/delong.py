"""Compute AUROCs and their covariance without resampling, by DeLong's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from histo_core.evaluation.placements import placements
from histo_core.evaluation.validation import check_scores, check_truth


def delong(y_true: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return AUROCs and their covariance by DeLong et al. (1988, Biometrics 44:837, equations 3 to 7).

    The covariance is computed from the samples' `placements`.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        scores: float [m, n], one row a model.

    Returns:
        AUROC float64 [m] and covariance float64 [m, m]. Both are NaN when a class is missing; only the covariance is
        NaN when a class has a single sample.

    Raises:
        DataError: labels other than 0 and 1, or scores that are not finite numbers.
    """
    positive = check_truth(y_true)
    table = check_scores(scores, len(positive))
    if positive.all() or not positive.any():
        return np.full(len(table), np.nan), np.full((len(table), len(table)), np.nan)
    placed = np.stack([placements(positive, score) for score in table])
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        covariance = np.full((len(table), len(table)), np.nan)
    else:
        covariance = np.atleast_2d(np.cov(placed[:, positive]) / m + np.cov(placed[:, ~positive]) / n)
    return placed[:, positive].mean(axis=1), covariance


def delong_test(y_true: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[float, float]:
    """Return z and the two-sided P value of DeLong's test of two models, as R's pROC does.

    Use `auroc_difference` instead: this test assumes independent samples and a normal distribution. It is here to
    compare results with other software.

    Args:
        y_true, a, b: as for `auroc_difference`.

    Raises:
        DataError: what `delong` raises.
    """
    aurocs, covariance = delong(y_true, np.stack([np.asarray(a, np.float64), np.asarray(b, np.float64)]))
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    z = float((aurocs[0] - aurocs[1]) / error)
    return z, 2 * float(norm.sf(abs(z)))
