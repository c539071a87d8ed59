"""Compute the precision-recall curve and the area under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics

from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval
from histo_core.evaluation.prevalence import class_weights
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth


@dataclass(frozen=True, eq=False)
class PrecisionRecallCurve:
    """Precision against sensitivity (recall) at every distinct score.

    Attributes:
        recall: float64 [p], descending from 1 to 0. Empty when no sample is positive.
        precision: float64 [p], 0 to 1; the last is 1 by convention.
        thresholds: float64 [p - 1], ascending; a sample is positive when its score is at or above it.
    """

    recall: np.ndarray
    precision: np.ndarray
    thresholds: np.ndarray


def precision_recall_curve(y_true: ArrayLike, score: ArrayLike) -> PrecisionRecallCurve:
    """Return the precision-recall curve of one model; the points are scikit-learn's.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].

    Raises:
        DataError: labels other than 0 and 1, or scores that are not finite numbers.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    if not positive.any():
        return PrecisionRecallCurve(*(np.empty(0) for _ in range(3)))
    precision, recall, thresholds = metrics.precision_recall_curve(positive, scores)
    return PrecisionRecallCurve(recall, precision, np.asarray(thresholds, np.float64))


def reweighted_precision(precision: np.ndarray, share: float, prevalence: float | None) -> np.ndarray:
    """Return precisions as they would be at a stated prevalence.

    Args:
        precision: float64 [p], 0 to 1.
        share: of the class of interest among the samples, 0 to 1.
        prevalence: 0 to 1; None returns the precisions unchanged.
    """
    of_class, of_rest = class_weights(share, prevalence)
    return of_class * precision / (of_class * precision + of_rest * (1 - precision))


def average_precision(positive: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the precision-recall curve as scikit-learn's average precision; NaN without a positive.

    AP = sum over distinct scores of precision x the positives at that score, over all positives: steps, not straight
    lines between points (Davis and Goadrich 2006, ICML).

    Args:
        positive: bool [n].
        score: float [n].

    Example:
        >>> round(average_precision(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
        0.8333
    """
    return _Ordered(positive, score).average_precision(np.ones(len(score), bool))


class _Ordered:
    """Samples in descending order of their scores: sorted once, although the area is computed for many subsets."""

    def __init__(self, positive: np.ndarray, score: np.ndarray) -> None:
        self.order = np.argsort(score, kind="stable")[::-1]
        self.positive, self.score = positive[self.order], score[self.order]

    def average_precision(self, kept: np.ndarray, prevalence: float | None = None) -> float:
        """Return the area of the samples to use, bool [n] in their original order."""
        kept = kept[self.order]
        positive, score = self.positive[kept], self.score[kept]
        hits = np.cumsum(positive)
        if not len(hits) or not hits[-1]:
            return float("nan")
        last = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)
        found = reweighted_precision(hits[last] / (last + 1), hits[-1] / len(score), prevalence)
        return float((found * np.diff(hits[last], prepend=0)).sum() / hits[-1])


def auprc_interval(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the area under the precision-recall curve with the interval of `leave_out_interval`.

    Unlike the AUROC it depends on the share of positive samples: a model that guesses reaches that share.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        prevalence: the stated share of the class of interest, to which precisions are reweighted; None takes the
            samples as they are.
        confidence: 0 to 1.

    Returns:
        Undefined where a class is missing.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    codes = check_groups(groups, len(positive))
    if positive.all() or not positive.any():
        return Interval.undefined("a class is missing")
    found = _Ordered(positive, scores)
    return leave_out_interval(
        lambda kept: found.average_precision(kept, prevalence),
        np.stack([positive, ~positive]),
        codes,
        confidence=confidence,
    )


def macro_auprc_interval(
    y_true: ArrayLike, probabilities: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> Interval:
    """Return the mean area over the classes that have samples, each against the rest, as `auprc_interval`.

    Args:
        y_true: class indices 0 to k - 1 [n].
        probabilities: float [n, k].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Returns:
        Undefined where fewer than two classes have samples.

    Raises:
        DataError: scores that are not finite numbers, or group ids that do not fit.
    """
    true = np.asarray(y_true, np.int64)
    scores = check_scores(np.asarray(probabilities).T, len(true))
    codes = check_groups(groups, len(true))
    present = np.unique(true)
    if len(present) < 2:
        return Interval.undefined("fewer than two classes have samples")
    ordered = [_Ordered(true == index, scores[index]) for index in present]
    return leave_out_interval(
        lambda kept: float(np.mean([one.average_precision(kept) for one in ordered])),
        np.stack([true == index for index in present]),
        codes,
        confidence=confidence,
    )
