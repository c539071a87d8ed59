"""The area under the ROC curve, its interval, and the difference between two models on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import norm

from histo_core.evaluation import bootstrap
from histo_core.evaluation.delong import delong
from histo_core.evaluation.inputs import Groups, check_groups, check_scores, check_truth
from histo_core.evaluation.intervals import CONFIDENCE, Interval, limit_when_all_agree


@dataclass(frozen=True)
class PairedDifference:
    """AUROC of the first model minus that of the second, on the same samples.

    Attributes:
        value, low, high: the difference and its confidence limits, -1 to 1.
        p_value: two-sided, of no difference; None where it cannot be told.
        method: how both were found.
    """

    value: float
    low: float
    high: float
    p_value: float | None
    method: str

    def __str__(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def auroc_interval(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    draws: int = bootstrap.DRAWS,
) -> Interval | None:
    """AUROC with its interval: DeLong's, or by cluster bootstrap when there are groups.

    DeLong's interval is made on the logit scale (Pepe 2003, section 5.2; Qin and Hotilovac 2008, Stat. Methods Med.
    Res. 17:207): it stays within 0 and 1 and keeps its promise near 1, where the plain one falls short. Measured on
    2,000 normal samples of 50 + 50 with a true AUROC of 0.98, 93.5% of the 95% intervals hold it, 84.8% of plain ones.

    An AUROC of exactly 1 has no variance to estimate. It gets the lower limit (alpha / 2)^(1 / k), where k is the
    number of independent pairs (of samples, or of groups): all samples can be in order only if these k pairs are.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.
        seed, draws: of the bootstrap.

    Returns:
        None when a class is missing: the AUROC is not defined then.

    Raises:
        DataError: what `delong` raises, or group ids that do not fit the samples.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0]
    codes = check_groups(groups, len(positive))
    if positive.all() or not positive.any():
        return None
    return _interval(positive, scores, codes, confidence, seed, draws)


def _interval(
    positive: np.ndarray, score: np.ndarray, codes: np.ndarray | None, confidence: float, seed: int, draws: int
) -> Interval:
    aurocs, covariance = delong(positive, score)
    auroc = float(aurocs[0])
    if codes is None:
        return _delong_interval(positive, auroc, float(covariance[0, 0]), confidence)
    n_groups = int(codes.max()) + 1
    warning = bootstrap.warning_text(n_groups)
    if n_groups == 1:
        return Interval(auroc, 0.0, 1.0, "one group: no interval can be estimated", warning)
    if auroc in (0.0, 1.0):
        with_class = (len(np.unique(codes[part])) for part in (positive, ~positive))
        return _ordered(auroc, min(*with_class, n_groups // 2), confidence, warning)
    replicates = bootstrap.auroc_replicates(
        positive, score, codes, bootstrap.draw_groups(n_groups, draws=draws, seed=seed)
    )
    method = bootstrap.method_text(n_groups, replicates)
    return Interval(auroc, *bootstrap.percentiles(replicates, confidence), method, warning)


def _delong_interval(positive: np.ndarray, auroc: float, variance: float, confidence: float) -> Interval:
    smaller = int(min(positive.sum(), (~positive).sum()))
    if auroc in (0.0, 1.0):
        return _ordered(auroc, smaller, confidence)
    if smaller < 2:
        return Interval(auroc, 0.0, 1.0, "one sample of a class: no interval can be estimated")
    if variance == 0:  # placements never vary only if no positive stands on either side of a negative
        return Interval(auroc, auroc, auroc, "all scores are equal")
    half = norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / (auroc * (1 - auroc))
    low, high = expit(logit(auroc) + np.array([-half, half]))
    return Interval(auroc, float(low), float(high), "DeLong, logit scale")


def _ordered(auroc: float, pairs: int, confidence: float, warning: str = "") -> Interval:
    limit = limit_when_all_agree(pairs, confidence)
    low, high = (limit, 1.0) if auroc == 1 else (0.0, 1 - limit)
    return Interval(auroc, low, high, f"exact limit of {pairs:,} independent pairs", warning)


def auroc_difference(
    y_true: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
    seed: int = 0,
    draws: int = bootstrap.DRAWS,
) -> PairedDifference | None:
    """AUROC of ``a`` minus that of ``b`` on the same samples, paired.

    Without groups after DeLong (equation 8: the variance of the difference takes the covariance in). With groups both
    models are resampled with the same draws, and the P value is the achieved significance level: twice the smaller
    share of replicates at or beyond 0 on one side, with one added to both counts (Davison and Hinkley 1997, section
    4.2), so that it is never 0.

    Args:
        y_true, groups, confidence, seed, draws: as for `auroc_interval`.
        a, b: scores of the two models, float [n].

    Returns:
        None when a class is missing. Where the difference cannot vary although it is not 0 (one model is in perfect
        order, the other constant), the limits come from the two models' own intervals and there is no P value.

    Raises:
        DataError: what `auroc_interval` raises.
    """
    positive = check_truth(y_true)
    n = len(positive)
    scores = np.concatenate([check_scores(a, n), check_scores(b, n)])
    codes = check_groups(groups, n)
    if positive.all() or not positive.any():
        return None
    aurocs, covariance = delong(positive, scores)
    value = float(aurocs[0] - aurocs[1])
    if np.array_equal(scores[0], scores[1]):
        return PairedDifference(0.0, 0.0, 0.0, 1.0, "the scores are the same")
    if codes is None:
        error = float(np.sqrt(np.maximum(0, covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])))
        if error > 0:
            half = float(norm.ppf((1 + confidence) / 2)) * error
            p = 2 * float(norm.sf(abs(value) / error))
            return PairedDifference(value, max(-1.0, value - half), min(1.0, value + half), p, "DeLong, paired")
    else:
        weights = bootstrap.draw_groups(int(codes.max()) + 1, draws=draws, seed=seed)
        first, second = (bootstrap.auroc_replicates(positive, score, codes, weights) for score in scores)
        replicates = first - second
        if np.nanmax(replicates) > np.nanmin(replicates):
            low, high = bootstrap.percentiles(replicates, confidence)
            method = bootstrap.method_text(weights.shape[1], replicates)
            return PairedDifference(value, low, high, _achieved_level(replicates), method)
    if value == 0:
        return PairedDifference(0.0, 0.0, 0.0, 1.0, "both rank every pair alike")
    first, second = (_interval(positive, score, codes, confidence, seed, draws) for score in scores)
    return PairedDifference(
        value, first.low - second.high, first.high - second.low, None, "from the two intervals: no variation"
    )


def _achieved_level(replicates: np.ndarray) -> float:
    defined = replicates[~np.isnan(replicates)]
    smaller = min((defined <= 0).sum(), (defined >= 0).sum())
    return min(1.0, 2 * (1 + int(smaller)) / (1 + len(defined)))
