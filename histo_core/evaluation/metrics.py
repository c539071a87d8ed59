"""Compute the rates of a binary decision at a threshold, each with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.counts import ratio_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth


@dataclass(frozen=True)
class BinaryMetrics:
    """Rates and counts of a decision that calls scores at or above the threshold positive.

    Rates lie from 0 to 1; a rate whose denominator is 0 is `Interval.undefined`. ``precision`` is the positive
    predictive value, ``npv`` the negative one.
    """

    n: int
    threshold: float
    accuracy: Interval
    sensitivity: Interval
    specificity: Interval
    precision: Interval
    npv: Interval
    f1: Interval
    tp: int
    fp: int
    fn: int
    tn: int


@dataclass(frozen=True)
class _Rate:
    """A rate as successes over trials; both are sums of the columns tp, fp, fn, tn."""

    name: str
    successes: tuple[int, int, int, int]
    trials: tuple[int, int, int, int]
    nothing: str
    """Why there is no estimate when there is no trial."""
    shown: Callable[[float], float] = float
    """An increasing function from the rate to the reported number."""


def dice(jaccard: float) -> float:
    """Return F1 from the Jaccard index J = tp / (tp + fp + fn): F1 = 2 J / (1 + J).

    F1 increases with J, which is a proportion, so that the limits of J give those of F1.
    """
    return 2 * jaccard / (1 + jaccard)


_RATES = (
    _Rate("accuracy", (1, 0, 0, 1), (1, 1, 1, 1), "no sample"),
    _Rate("sensitivity", (1, 0, 0, 0), (1, 0, 1, 0), "no positive sample"),
    _Rate("specificity", (0, 0, 0, 1), (0, 1, 0, 1), "no negative sample"),
    _Rate("precision", (1, 0, 0, 0), (1, 1, 0, 0), "nothing is called positive"),
    _Rate("npv", (0, 0, 0, 1), (0, 0, 1, 1), "nothing is called negative"),
    _Rate("f1", (1, 0, 0, 0), (1, 1, 1, 0), "no positive sample and nothing called positive", dice),
)
RATES = tuple(rate.name for rate in _RATES)


def binary_metrics(
    y_true: ArrayLike,
    score: ArrayLike,
    threshold: float = 0.5,
    groups: Groups = None,
    confidence: float = CONFIDENCE,
) -> BinaryMetrics:
    """Return the rates at a threshold, each with the interval of `ratio_interval`.

    F1 is an increasing function of the Jaccard index, whose interval gives that of F1.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        threshold: a score at or above it is called positive.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.
    """
    positive = check_truth(y_true)
    called = check_scores(score, len(positive))[0] >= threshold
    codes = check_groups(groups, len(positive))
    cells = np.stack([positive & called, ~positive & called, positive & ~called, ~positive & ~called], axis=1)
    tp, fp, fn, tn = cells.sum(axis=0)
    rates = {rate.name: _interval(rate, cells, codes, confidence) for rate in _RATES}
    return BinaryMetrics(
        n=len(positive), threshold=float(threshold), tp=int(tp), fp=int(fp), fn=int(fn), tn=int(tn), **rates
    )


def _interval(rate: _Rate, cells: np.ndarray, codes: np.ndarray | None, confidence: float) -> Interval:
    found = ratio_interval(
        cells @ rate.successes, cells @ rate.trials, codes, confidence=confidence, nothing=rate.nothing
    )
    return replace(found, value=rate.shown(found.value), low=rate.shown(found.low), high=rate.shown(found.high))


def confusion(y_true: ArrayLike, y_pred: ArrayLike, n_classes: int) -> np.ndarray:
    """Return the confusion matrix, int64 [k, k]: rows are the true class, columns the predicted one.

    Args:
        y_true, y_pred: class indices 0 to k - 1 [n].

    Raises:
        DataError: different lengths, or an index that is no class.
    """
    true, predicted = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
    if true.shape != predicted.shape or true.ndim != 1:
        raise DataError(
            f"y_true has shape {true.shape} and y_pred {predicted.shape}.", "One value a sample each.", "Join them."
        )
    both = np.concatenate([true, predicted])
    if len(both) and not (both.min() >= 0 and both.max() < n_classes):
        raise DataError(
            f"Class indices run from {both.min()} to {both.max()}.",
            f"0 to {n_classes - 1} are allowed for {n_classes} classes.",
            "Leave unlabelled samples out.",
        )
    return np.bincount(true * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)
