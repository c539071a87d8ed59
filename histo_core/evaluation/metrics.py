"""What a binary decision at a threshold gets right, each rate with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation import bootstrap
from histo_core.evaluation.inputs import Groups, check_groups, check_scores, check_truth
from histo_core.evaluation.intervals import CONFIDENCE, Interval, limit_when_all_agree, wilson


@dataclass(frozen=True)
class BinaryMetrics:
    """Rates and counts of the decision "score at or above the threshold is positive".

    Rates lie from 0 to 1; one whose denominator is 0 is `Interval.undefined`.
    """

    n: int
    threshold: float
    accuracy: Interval
    sensitivity: Interval
    specificity: Interval
    precision: Interval
    f1: Interval
    tp: int
    fp: int
    fn: int
    tn: int


@dataclass(frozen=True)
class _Rate:
    """A rate as successes of trials, both sums of the columns tp, fp, fn, tn."""

    name: str
    successes: tuple[int, int, int, int]
    trials: tuple[int, int, int, int]
    nothing: str
    """Why there is no estimate when there is no trial."""
    shown: Callable[[float], float] = float
    """From the rate to the number that is reported; rising."""


def _dice(jaccard: float) -> float:
    return 2 * jaccard / (1 + jaccard)


# F1 = 2 J / (1 + J) rises with J = tp / (tp + fp + fn), a plain proportion, so that J's limits are F1's as well.
_RATES = (
    _Rate("accuracy", (1, 0, 0, 1), (1, 1, 1, 1), "no sample"),
    _Rate("sensitivity", (1, 0, 0, 0), (1, 0, 1, 0), "no positive sample"),
    _Rate("specificity", (0, 0, 0, 1), (0, 1, 0, 1), "no negative sample"),
    _Rate("precision", (1, 0, 0, 0), (1, 1, 0, 0), "nothing is called positive"),
    _Rate("f1", (1, 0, 0, 0), (1, 1, 1, 0), "no positive sample and nothing called positive", _dice),
)
RATES = tuple(rate.name for rate in _RATES)


def binary_metrics(
    y_true: ArrayLike,
    score: ArrayLike,
    threshold: float = 0.5,
    groups: Groups = None,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> BinaryMetrics:
    """Rates at a threshold, with Wilson's intervals, or by cluster bootstrap when there are groups.

    F1's interval follows from that of the Jaccard index, of which it is a rising function. A rate of exactly 0 or 1
    does not vary between replicates; its limit is then the exact one for as many trials as there are groups.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        threshold: a score at or above it is called positive.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.
        seed: of the bootstrap.

    Raises:
        DataError: labels other than 0 and 1, scores that are no finite numbers, or group ids that do not fit.
    """
    positive = check_truth(y_true)
    called = check_scores(score, len(positive))[0] >= threshold
    codes = check_groups(groups, len(positive))
    cells = np.stack([positive & called, ~positive & called, positive & ~called, ~positive & ~called], axis=1)
    tp, fp, fn, tn = counts = cells.sum(axis=0)
    if codes is None:
        rates = {rate.name: _shown(rate, _wilson(rate, counts, confidence)) for rate in _RATES}
    else:
        by_group = np.stack([np.bincount(codes, weights=cell) for cell in cells.T], axis=1)
        resampled = bootstrap.draw_groups(len(by_group), seed=seed) @ by_group
        rates = {rate.name: _shown(rate, _resampled(rate, by_group, resampled, confidence)) for rate in _RATES}
    return BinaryMetrics(
        n=len(positive), threshold=float(threshold), tp=int(tp), fp=int(fp), fn=int(fn), tn=int(tn), **rates
    )


def _wilson(rate: _Rate, counts: np.ndarray, confidence: float) -> Interval:
    return wilson(int(counts @ rate.successes), int(counts @ rate.trials), confidence, nothing=rate.nothing)


def _resampled(rate: _Rate, by_group: np.ndarray, resampled: np.ndarray, confidence: float) -> Interval:
    trials_by_group = by_group @ rate.trials
    successes, trials = (by_group @ rate.successes).sum(), trials_by_group.sum()
    if trials == 0:
        return Interval.undefined(rate.nothing)
    value = float(successes / trials)
    n_groups = int((trials_by_group > 0).sum())
    warning = bootstrap.warning_text(n_groups)
    if n_groups == 1:
        return Interval(value, 0.0, 1.0, "one group: no interval can be estimated", warning)
    if value in (0.0, 1.0):
        limit = limit_when_all_agree(n_groups, confidence)
        low, high = (limit, 1.0) if value else (0.0, 1 - limit)
        return Interval(value, low, high, f"exact limit of {n_groups:,} groups", warning)
    drawn = resampled @ rate.trials
    replicates = np.divide(resampled @ rate.successes, drawn, out=np.full(len(drawn), np.nan), where=drawn > 0)
    method = bootstrap.method_text(n_groups, replicates)
    return Interval(value, *bootstrap.percentiles(replicates, confidence), method, warning)


def _shown(rate: _Rate, found: Interval) -> Interval:
    return Interval(rate.shown(found.value), rate.shown(found.low), rate.shown(found.high), found.method, found.warning)


def confusion(y_true: ArrayLike, y_pred: ArrayLike, n_classes: int) -> np.ndarray:
    """Counts, int64 [k, k]: rows are the true class, columns the predicted one.

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
