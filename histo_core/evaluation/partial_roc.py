"""Read numbers off a part of the ROC curve: sensitivity at a specificity, the reverse, and the partial AUROC."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

MISSING = "a class is missing"


def sensitivity_at_specificity(positive: np.ndarray, score: np.ndarray, at_least: float) -> float:
    """Return the highest sensitivity of the thresholds that reach a specificity; NaN where a class is missing.

    It is a point of the ROC curve, never between two of them. Chosen on these very samples, it is too good as a
    promise for others: for that, choose the threshold on validation data (`operating_point`).

    Args:
        positive: bool [n].
        score: float [n].
        at_least: the required specificity, 0 to 1.

    Example:
        >>> sensitivity_at_specificity(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]), 0.95)
        0.5
    """
    negatives = np.sort(score[~positive])
    if not len(negatives) or len(negatives) == len(score):
        return float("nan")
    # The threshold lies above the k-th highest negative score; k negatives may be called positive.
    allowed = int(np.floor((1 - at_least) * len(negatives) + 1e-9))
    if allowed >= len(negatives):
        return 1.0
    return float((score[positive] > negatives[-1 - allowed]).mean())


def specificity_at_sensitivity(positive: np.ndarray, score: np.ndarray, at_least: float) -> float:
    """Return the highest specificity of the thresholds that reach a sensitivity; as `sensitivity_at_specificity`."""
    return sensitivity_at_specificity(~positive, -score, at_least)


def partial_auroc(positive: np.ndarray, score: np.ndarray, specificity: float = 0.9) -> float:
    """Return the area under the ROC curve between a specificity and 1, standardised after McClish.

    McClish (1989, Med. Decis. Making 9:190): (1 + (area - least) / (greatest - least)) / 2, where the least area is
    that of a diagonal and the greatest that of a perfect model. 0.5 is guessing, 1 perfect; below 0.5 it is worse than
    guessing. R's pROC gives the same with ``partial.auc.correct = TRUE``.

    Args:
        positive: bool [n].
        score: float [n].
        specificity: the lowest one, 0 (the whole curve: AUROC) to below 1.

    Returns:
        NaN where a class is missing.

    Raises:
        DataError: the specificity lies outside 0 to 1.
    """
    if not 0 <= specificity < 1:
        raise DataError(f"specificity = {specificity:g}.", "0 to below 1 is allowed.", "0.9 is customary.")
    area = _area(positive, score, 1 - specificity)
    least, greatest = (1 - specificity) ** 2 / 2, 1 - specificity
    return (1 + (area - least) / (greatest - least)) / 2


def _area(positive: np.ndarray, score: np.ndarray, fpr: float) -> float:
    """Return the area under the ROC curve from a false positive rate of 0 to ``fpr``."""
    if positive.all() or not positive.any():
        return float("nan")
    order = np.argsort(score, kind="stable")[::-1]
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hits = np.cumsum(positive[order])[last]
    tpr = np.concatenate([[0.0], hits / hits[-1]])
    false = np.concatenate([[0.0], (last + 1 - hits) / (len(score) - hits[-1])])
    inside = false <= fpr
    x = np.append(false[inside], fpr)
    y = np.append(tpr[inside], np.interp(fpr, false, tpr) if false[inside][-1] < fpr else tpr[inside][-1])
    return float(np.trapezoid(y, x))


def curve_interval(
    statistic: str,
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    at: float,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return one of this module's numbers with the interval of `leave_out_interval`.

    Args:
        statistic: ``sensitivity``, ``specificity`` or ``partial_auroc``.
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        at: the specificity, sensitivity or lowest specificity.
        confidence: 0 to 1.

    Returns:
        Undefined where a class is missing.

    Raises:
        DataError: another statistic, labels other than 0 and 1, scores that are not finite numbers, or group ids that
            do not fit.
    """
    known = {
        "sensitivity": sensitivity_at_specificity,
        "specificity": specificity_at_sensitivity,
        "partial_auroc": partial_auroc,
    }
    if statistic not in known:
        raise DataError(f"statistic = {statistic!r}.", f"Allowed: {', '.join(known)}.", "Choose one of them.")
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    codes = check_groups(groups, len(positive))
    if positive.all() or not positive.any():
        return Interval.undefined(MISSING)
    return leave_out_interval(
        lambda kept: known[statistic](positive[kept], scores[kept], at),
        np.stack([positive, ~positive]),
        codes,
        confidence=confidence,
    )
