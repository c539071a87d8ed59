"""Compute the receiver operating characteristic (ROC) curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics

from histo_core.evaluation.validation import check_scores, check_truth


@dataclass(frozen=True, eq=False)
class RocCurve:
    """The ROC curve: sensitivity against 1 - specificity at every threshold that changes either.

    Attributes:
        fpr, tpr: float64 [p], from 0 to 1, non-decreasing. Empty when a class is missing.
        thresholds: float64 [p], descending; a sample is positive when its score is at or above it. The first is
            infinite: nothing is positive.
    """

    fpr: np.ndarray
    tpr: np.ndarray
    thresholds: np.ndarray


def roc_curve(y_true: ArrayLike, score: ArrayLike) -> RocCurve:
    """Return the ROC curve of one model, without points that lie on a straight line between their neighbours.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].

    Raises:
        DataError: labels other than 0 and 1, or scores that are not finite numbers.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    if positive.all() or not positive.any():
        return RocCurve(*(np.empty(0) for _ in range(3)))
    curve: tuple[np.ndarray, ...] = metrics.roc_curve(positive, scores)
    return RocCurve(*(np.asarray(part, np.float64) for part in curve))
