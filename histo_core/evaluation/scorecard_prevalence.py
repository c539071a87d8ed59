"""Reweight the metrics of a scorecard that depend on how often the class of interest occurs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from histo_core.evaluation.agreement import CORRELATION, cohen_kappa, matthews
from histo_core.evaluation.calibration_error import BINS
from histo_core.evaluation.class_scores import losses
from histo_core.evaluation.counts import Statistic, counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import leave_out_interval
from histo_core.evaluation.limits import RATE, Bounds
from histo_core.evaluation.metrics import BinaryMetrics
from histo_core.evaluation.multiclass import mean_f1, square, weighted_f1
from histo_core.evaluation.precision_recall import auprc_interval
from histo_core.evaluation.prevalence import sample_weights
from histo_core.evaluation.probability_scores import brier_scores
from histo_core.evaluation.validation import Groups, check_groups

UNMOVED = ("auroc", "balanced_accuracy", "sensitivity", "specificity")
"""Metrics that do not depend on the prevalence."""
REWEIGHTED = ("ppv", "npv", "f1", "ece")
"""Metrics that are stated at the prevalence with more than two classes."""
MISSING = "a class is missing"


def reweighted(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    called: np.ndarray,
    at_threshold: BinaryMetrics,
    positive: int,
    prevalence: float,
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
) -> dict[str, Interval]:
    """Return the metrics that depend on the prevalence, by their names in a scorecard.

    With two classes these are all but `UNMOVED`. With more, the prevalence of one class says nothing about the mix of
    the others: only PPV, NPV, F1 and ECE of the class of interest are reweighted.

    Args:
        y_true, probabilities, called, positive, groups, confidence: as in `scorecard`.
        at_threshold: rates that are reweighted already (`at_prevalence`).
        prevalence: the stated share of the class of interest, between 0 and 1.

    Raises:
        DataError: group ids that do not fit.
    """
    mine, score = y_true == positive, probabilities[:, positive]
    codes = check_groups(groups, len(y_true))
    both = np.stack([mine, ~mine])

    def left_out(statistic: Callable[[np.ndarray], float], bounds: Bounds = RATE) -> Interval:
        return leave_out_interval(statistic, both, codes, bounds=bounds, confidence=confidence, nothing=MISSING)

    def mean(values: np.ndarray, bounds: Bounds) -> Interval:
        return left_out(lambda kept: _mean(values[kept], mine[kept], prevalence), bounds)

    bin_of = np.clip(np.ceil(score * BINS).astype(np.int64) - 1, 0, BINS - 1)
    ece = left_out(lambda kept: _ece(mine[kept], score[kept], bin_of[kept], prevalence))
    found = {
        "ppv": at_threshold.precision,
        "npv": at_threshold.npv,
        "f1": at_threshold.f1,
        "ece": Interval(
            ece.value, ece.low, ece.high, f"{BINS} bins of equal width; {ece.method}", "too large by design"
        ),
    }
    if probabilities.shape[1] > 2:
        return found

    def of_matrix(statistic: Statistic, bounds: Bounds = RATE) -> Interval:
        return counts_interval(
            y_true * 2 + called,
            4,
            lambda counts: statistic(_matrix(counts, positive, prevalence)),
            codes,
            bounds=bounds,
            confidence=confidence,
            units=np.array([[1, 1, 0, 0], [0, 0, 1, 1]]),
            nothing=MISSING,
        )

    return found | {
        "accuracy": at_threshold.accuracy,
        "auprc": auprc_interval(mine, score, groups, prevalence=prevalence, confidence=confidence),
        "macro_f1": of_matrix(mean_f1),
        "weighted_f1": of_matrix(weighted_f1),
        "mcc": of_matrix(matthews, CORRELATION),
        "kappa": of_matrix(cohen_kappa, CORRELATION),
        "brier": mean(brier_scores(y_true, probabilities), (0.0, 1.0)),
        "log_loss": mean(losses(y_true, probabilities), (0.0, np.inf)),
    }


def _mean(values: np.ndarray, positive: np.ndarray, prevalence: float) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    return float(prevalence * values[positive].mean() + (1 - prevalence) * values[~positive].mean())


def _ece(positive: np.ndarray, score: np.ndarray, bin_of: np.ndarray, prevalence: float) -> float:
    if positive.all() or not positive.any():
        return float("nan")
    gaps = sample_weights(positive, prevalence) * (score - positive)
    return float(np.abs(np.bincount(bin_of, gaps)).sum() / len(score))


def _matrix(counts: np.ndarray, positive: int, prevalence: float) -> np.ndarray:
    """Return matrices [..., 2, 2] whose rows add up to the prevalence of each class; NaN where a row is empty."""
    matrix = square(counts)
    rows = matrix.sum(axis=-1, keepdims=True)
    shares = np.where(np.arange(2) == positive, prevalence, 1 - prevalence)[:, None]
    return np.divide(matrix * shares, rows, out=np.full(matrix.shape, np.nan), where=rows > 0)
