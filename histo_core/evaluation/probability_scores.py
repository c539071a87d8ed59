"""Score probabilities themselves: Brier score, log loss, and the intercept and slope of calibration."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from histo_core.errors import DataError
from histo_core.evaluation.class_scores import losses
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval, mean_interval
from histo_core.evaluation.prevalence import sample_weights
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

_EDGE = 1e-6
"""Probabilities are kept so far from 0 and 1 where their logit is taken."""
_STEPS = 50
_CLOSE = 1e-10


def brier_scores(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the Brier score of each sample: the squared distance of its probabilities from the truth, float64 [n].

    For two classes it is halved, so that it is (p - y)^2 of the class of interest, 0 to 1. For more it is the sum over
    the classes, 0 to 2, as Brier (1950, Mon. Weather Rev. 78:1) wrote it. scikit-learn does the same.

    Args:
        y_true: int64 [n], class indices 0 to k - 1.
        probabilities: float64 [n, k].
    """
    k = probabilities.shape[1]
    return ((probabilities - np.eye(k)[y_true]) ** 2).sum(axis=1) / (2 if k == 2 else 1)


def brier_interval(
    y_true: ArrayLike, probabilities: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> Interval:
    """Return the mean of `brier_scores` with the interval of `mean_interval`.

    Args:
        y_true: class indices 0 to k - 1 [n].
        probabilities: float [n, k], rows that sum to 1.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: shapes, class indices, probabilities or group ids that do not fit.
    """
    true, table = _checked(y_true, probabilities)
    top = 1.0 if table.shape[1] == 2 else 2.0
    codes = check_groups(groups, len(true))
    return mean_interval(brier_scores(true, table), codes, bounds=(0.0, top), confidence=confidence)


def log_loss_interval(
    y_true: ArrayLike, probabilities: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> Interval:
    """Return the mean cross entropy in nats with the interval of `mean_interval`; arguments as in `brier_interval`."""
    true, table = _checked(y_true, probabilities)
    codes = check_groups(groups, len(true))
    return mean_interval(losses(true, table), codes, bounds=(0.0, np.inf), confidence=confidence)


def calibration_line(
    positive: np.ndarray,
    score: np.ndarray,
    start: tuple[float, float] = (0.0, 1.0),
    weights: np.ndarray | None = None,
) -> tuple[float, float]:
    """Return the intercept and slope of logit P(y = 1) = a + b logit(score), fitted by maximum likelihood.

    A calibrated model has a slope of 1 and an intercept of 0. A slope below 1 means that its probabilities are too
    extreme (Cox 1958, Biometrika 45:562). NaN where the fit does not exist: one class, one score, or classes that the
    scores separate.

    Args:
        positive: bool [n].
        score: probabilities of the class of interest [n], 0 to 1.
        start: where the search begins; only its length depends on it.
        weights: float64 [n], how much each sample counts; None counts all alike.
    """
    if positive.all() or not positive.any() or not score.min() < score.max():
        return np.nan, np.nan
    if score[positive].min() >= score[~positive].max() or score[positive].max() <= score[~positive].min():
        return np.nan, np.nan
    x = np.stack([np.ones(len(score)), logit(np.clip(score, _EDGE, 1 - _EDGE).astype(np.float64))], axis=1)
    intercept, slope = _fitted(x, positive.astype(np.float64), np.zeros(len(score)), np.array(start), weights)
    return intercept, slope


def calibration_intercept(positive: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return calibration in the large: a of logit P(y = 1) = a + logit(score), the slope kept at 1.

    Above 0 the class of interest occurs more often than the probabilities say. NaN with one class.

    Args:
        positive, score, weights: as in `calibration_line`.
    """
    if positive.all() or not positive.any():
        return np.nan
    offset = logit(np.clip(score, _EDGE, 1 - _EDGE).astype(np.float64))
    return _fitted(np.ones((len(score), 1)), positive.astype(np.float64), offset, np.zeros(1), weights)[0]


def calibration_intervals(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[Interval, Interval]:
    """Return calibration in the large and the slope of calibration, each with the interval of `leave_out_interval`.

    The limits of the intercept are those of its odds ratio exp(a), on the log scale; so are those of a slope above 0.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: probabilities of the class of interest [n], 0 to 1.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        prevalence: the stated share of the class, to which samples are reweighted; None takes them as they are.
        confidence: 0 to 1.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    codes = check_groups(groups, len(positive))
    components = np.stack([positive, ~positive])
    if positive.all() or not positive.any():
        missing = Interval.undefined("a class is missing")
        return missing, missing

    def weights(kept: np.ndarray) -> np.ndarray | None:
        return None if prevalence is None else sample_weights(kept, prevalence)

    odds = leave_out_interval(
        lambda kept: float(np.exp(calibration_intercept(positive[kept], scores[kept], weights(positive[kept])))),
        components,
        codes,
        bounds=(0.0, np.inf),
        confidence=confidence,
        nothing="no intercept can be fitted",
    )
    line = calibration_line(positive, scores, weights=weights(positive))
    start = (0.0, 1.0) if np.isnan(line).any() else line
    slope = leave_out_interval(
        lambda kept: calibration_line(positive[kept], scores[kept], start, weights(positive[kept]))[1],
        components,
        codes,
        bounds=(0.0, np.inf),
        confidence=confidence,
        nothing="the scores separate the classes, or are all equal: no slope can be fitted",
    )
    return _logarithm(odds), slope


def _logarithm(odds: Interval) -> Interval:
    with np.errstate(divide="ignore"):
        value, low, high = np.log([odds.value, odds.low, odds.high])
    return Interval(float(value), float(low), float(high), odds.method, odds.warning)


def _fitted(
    x: np.ndarray, y: np.ndarray, offset: np.ndarray, start: np.ndarray, weights: np.ndarray | None
) -> tuple[float, ...]:
    """Return the coefficients of a logistic regression without penalty by Newton's method; NaN if it diverges."""
    w = np.ones(len(y)) if weights is None else weights
    coefficients, likelihood = start, _log_likelihood(x @ start + offset, y, w)
    for _ in range(_STEPS):
        p = expit(x @ coefficients + offset)
        information = (x * (w * p * (1 - p))[:, None]).T @ x
        try:
            step = cast(np.ndarray, np.linalg.solve(information, x.T @ (w * (y - p))))
        except np.linalg.LinAlgError:
            break
        if np.abs(step).max() < _CLOSE:
            return tuple(float(one) for one in coefficients)
        moved = _log_likelihood(x @ (coefficients + step) + offset, y, w)
        while moved < likelihood - _CLOSE * max(
            1.0, abs(likelihood)
        ):  # a whole step may overshoot where probabilities are close to 0 and 1
            step = step / 2
            moved = _log_likelihood(x @ (coefficients + step) + offset, y, w)
        coefficients, likelihood = coefficients + step, moved
    return (np.nan,) * len(start)


def _log_likelihood(logits: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    return float((weights * (y * logits - np.logaddexp(0, logits))).sum())


def _checked(y_true: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    true, table = np.asarray(y_true), np.asarray(probabilities, np.float64)
    if table.ndim != 2 or true.shape != table.shape[:1] or not len(true):
        raise DataError(
            f"y_true has shape {true.shape} and the probabilities {table.shape}.",
            "One class and one row of probabilities a sample are expected.",
            "Join them.",
        )
    if true.min() < 0 or true.max() >= table.shape[1]:
        raise DataError(
            f"Class indices run from {true.min()} to {true.max()}.",
            f"0 to {table.shape[1] - 1} are allowed for {table.shape[1]} classes.",
            "Leave unlabelled samples out.",
        )
    if not (np.isfinite(table).all() and table.min() >= 0 and table.max() <= 1):
        raise DataError(
            f"Probabilities run from {np.nanmin(table):g} to {np.nanmax(table):g}.",
            "0 to 1 are allowed.",
            "Look for a network whose training diverged.",
        )
    return true.astype(np.int64), table
