"""Compute Matthews' correlation and Cohen's kappa of a confusion matrix, each with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.counts import Statistic, counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.limits import Bounds
from histo_core.evaluation.multiclass import square
from histo_core.evaluation.validation import Groups, check_groups

CORRELATION: Bounds = (-1.0, 1.0)


def matthews(matrices: np.ndarray) -> np.ndarray:
    """Return Matthews' correlation coefficient of k classes (Gorodkin 2004, Comput. Biol. Chem. 28:367), -1 to 1.

    With c correct of s samples, t_i truly and p_i predicted in class i: (c s - sum t_i p_i) over the root of
    (s^2 - sum p_i^2) (s^2 - sum t_i^2). As in scikit-learn it is 0 where all samples have one true or one predicted
    class.

    Args:
        matrices: float64 [..., k, k]; rows are the true class.
    """
    correct, total = np.trace(matrices, axis1=-2, axis2=-1), matrices.sum(axis=(-2, -1))
    true, predicted = matrices.sum(axis=-1), matrices.sum(axis=-2)
    above = correct * total - (true * predicted).sum(axis=-1)
    below = np.sqrt((total**2 - (predicted**2).sum(axis=-1)) * (total**2 - (true**2).sum(axis=-1)))
    return np.divide(above, below, out=np.where(total > 0, 0.0, np.nan), where=below > 0)


def cohen_kappa(matrices: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa (1960, Educ. Psychol. Meas. 20:37): agreement beyond that of chance, -1 to 1.

    Undefined (NaN) where truth and prediction are both of one and the same class.

    Args:
        matrices: float64 [..., k, k]; rows are the true class.
    """
    total = matrices.sum(axis=(-2, -1))
    agreed = np.trace(matrices, axis1=-2, axis2=-1) * total
    chance = (matrices.sum(axis=-1) * matrices.sum(axis=-2)).sum(axis=-1)
    below = total**2 - chance
    return np.divide(agreed - chance, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def agreement_interval(
    statistic: Statistic,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    n_classes: int,
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return `matthews` or `cohen_kappa` with the interval of `counts_interval`.

    Args:
        statistic: one of the two.
        y_true, y_pred: class indices 0 to k - 1 [n].
        n_classes: k.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: group ids that do not fit.
    """
    true, predicted = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
    return counts_interval(
        true * n_classes + predicted,
        n_classes**2,
        lambda counts: statistic(square(counts)),
        check_groups(groups, len(true)),
        bounds=CORRELATION,
        confidence=confidence,
        nothing="truth and prediction are of one class",
    )
