"""Compute and test the difference between the AUROCs of two models on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit
from scipy.stats import t

from histo_core.evaluation.auroc_estimate import AurocEstimate, auroc_estimate, influence_df
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.limits import Agreeing
from histo_core.evaluation.swap_test import SwapTest, swap_test
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth
from histo_core.evaluation.warnings import few_groups

_ANGLES = np.linspace(0, 2 * np.pi, 361)
_LEVELS = np.logspace(-12, 0, 481)
"""The levels at which a P value without a formula is searched."""
_NO_INFLUENCE = 1e-15


@dataclass(frozen=True)
class PairedDifference:
    """The paired difference of two AUROCs: the first model's minus the second's, on the same samples.

    Attributes:
        value, low, high: the difference and its confidence limits, -1 to 1.
        p_value: two-sided, of no difference; below 1 - confidence exactly where the limits exclude 0. None where no
            interval can be estimated.
        method: how limits and P value were computed.
        warning: why they may be unreliable; empty when nothing is known against them.
        swap: the exact test that swaps the models within whole groups; None where there is no P value.

    Example:
        >>> from histo_core.evaluation.auroc import PairedDifference
        >>> difference = PairedDifference(0.041, 0.012, 0.070, 0.006, "jackknife by patient")
        >>> str(difference), difference.p_value < 0.05
        ('+0.041 (+0.012 to +0.070)', True)
    """

    value: float
    low: float
    high: float
    p_value: float | None
    method: str
    warning: str = ""
    swap: SwapTest | None = None

    def __str__(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def auroc_difference(
    y_true: ArrayLike, a: ArrayLike, b: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> PairedDifference | None:
    """Return the paired difference of two AUROCs on the same samples: that of ``a`` minus that of ``b``.

    The delete-one-group jackknife estimates the covariance twice, for the AUROCs and for their logits, with Student's
    t. Without groups each sample is a group. The limits are the wider of two: those of the difference itself, and those
    of the difference over the ellipse of both logits. The P value is the larger of the two tests, so that it is below
    1 - confidence exactly where the limits exclude 0. The first test alone misses differences of unequal AUROCs near 1;
    the second alone rejects too often where they are equal (docs/statistics.md has the simulation).

    Where a model's AUROC is 0 or 1, or does not vary between the groups, the limits are combined from those of the two
    models (MOVER: Zou and Donner 2008, Stat. Med. 27:1693).

    Args:
        y_true, groups, confidence: as for `auroc_interval`.
        a, b: scores of the two models, float [n].

    Returns:
        None when a class is missing. There is no P value, and the limits are -1 and 1, where a class has one group.

    Raises:
        DataError: what `auroc_interval` raises.

    Example:
        >>> from histo_core import auroc_difference
        >>> y_true = [0, 0, 0, 1, 1, 1]
        >>> a, b = [0.1, 0.4, 0.3, 0.2, 0.8, 0.9], [0.5, 0.1, 0.6, 0.2, 0.7, 0.4]
        >>> str(auroc_difference(y_true, a, b))
        '+0.222 (-0.956 to +1.000)'
    """
    positive = check_truth(y_true)
    n = len(positive)
    scores = np.concatenate([check_scores(a, n), check_scores(b, n)])
    codes = check_groups(groups, n)
    if positive.all() or not positive.any():
        return None
    first, second = (auroc_estimate(positive, score, codes) for score in scores)
    if first.smaller < 2:
        return between(first, second, None, confidence)
    return between(first, second, swap_test(positive, scores[0], scores[1], codes), confidence)


def between(
    first: AurocEstimate, second: AurocEstimate, swap: SwapTest | None, confidence: float = CONFIDENCE
) -> PairedDifference:
    """Return the difference of two models from their AUROCs and influences on the same samples and groups.

    Args:
        first, second: from `auroc_estimate`.
        swap: from `swap_test`, kept with the result.
        confidence: 0 to 1.
    """
    value = first.value - second.value
    warning = few_groups(len(first.sizes)) if first.grouped else ""
    if first.smaller < 2:
        kind = "group" if first.grouped else "sample"
        method = f"one {kind} of a class: no interval can be estimated"
        return PairedDifference(value, -1.0, 1.0, None, method, warning)
    still = np.abs(first.influence - second.influence).max() < _NO_INFLUENCE
    if still and value == 0:
        same = Agreeing(value, f"exact limit of {first.pairs:,} independent pairs", warning, first.pairs, (-1, 1))
        found = same.interval(confidence)
        return PairedDifference(value, found.low, found.high, 1.0, same.method, warning, swap)
    if still or any(one.value in (0.0, 1.0) or np.abs(one.influence).max() < _NO_INFLUENCE for one in (first, second)):
        low, high, p_value = _from_both(first, second, confidence)
        return PairedDifference(value, low, high, p_value, "from the two intervals (MOVER)", warning, swap)
    low, high, p_value, df = _jackknife(first, second, confidence)
    units = f"{len(first.sizes):,} {'groups' if first.grouped else 'samples'}"
    method = f"paired jackknife of {units}, t with {df:.1f} degrees of freedom"
    return PairedDifference(value, low, high, p_value, method, warning, swap)


def _jackknife(first: AurocEstimate, second: AurocEstimate, confidence: float) -> tuple[float, float, float, float]:
    value, both = first.value - second.value, np.array([first.value, second.value])
    df = influence_df(first.influence - second.influence, first.sizes)
    quantile = float(t.ppf((1 + confidence) / 2, df))
    plain = jackknife_covariance([first, second])
    error = _error(plain)
    on_logits, centre = jackknife_covariance([first, second], on_logits=True), logit(both)
    low, high = _over_ellipse(centre, on_logits, quantile)
    ratio = min(abs(value) / error, abs(centre[0] - centre[1]) / _error(on_logits))
    half = quantile * error
    low, high = max(-1.0, min(low, value - half)), min(1.0, max(high, value + half))
    return low, high, 2 * float(t.sf(ratio, df)), df


def _error(covariance: np.ndarray) -> float:
    """Return the standard error of the difference."""
    return float(np.sqrt(max(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1], 1e-300)))


def jackknife_covariance(estimates: list[AurocEstimate], *, on_logits: bool = False) -> np.ndarray:
    """Return the covariance of several models' AUROCs by the delete-one-group jackknife, float64 [m, m].

    Args:
        estimates: of m models on the same samples and groups.
        on_logits: use the logits instead; each leave-one-group-out value stays half a step away from 0 and 1.
    """
    table = np.stack([np.where(np.isnan(one.without), one.value, one.without) for one in estimates])
    if on_logits:
        steps = np.array([one.step for one in estimates])[:, None]
        table = logit(np.clip(table, steps, 1 - steps))
    deviations = table - table.mean(axis=1, keepdims=True)
    n = table.shape[1]
    return (n - 1) / n * deviations @ deviations.T


def _over_ellipse(centre: np.ndarray, covariance: np.ndarray, quantile: float) -> tuple[float, float]:
    """Return the smallest and the largest difference of two AUROCs whose logits lie within an ellipse.

    The evaluated points include those where the ellipse is nearest to equal logits. The limits therefore exclude 0
    exactly where the test of the logits does.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    nearest = root.T @ (1.0, -1.0)
    tangent = np.arctan2(nearest[1], nearest[0])
    angles = np.concatenate([_ANGLES, [tangent, tangent + np.pi]])
    points = centre[:, None] + quantile * root @ np.stack([np.cos(angles), np.sin(angles)])
    differences = expit(points[0]) - expit(points[1])
    return float(differences.min()), float(differences.max())


def _from_both(first: AurocEstimate, second: AurocEstimate, confidence: float) -> tuple[float, float, float]:
    value, levels = first.value - second.value, np.append(_LEVELS, 1 - confidence)
    (low_1, high_1), (low_2, high_2) = first.limits.at(levels), second.limits.at(levels)
    lows = value - np.hypot(first.value - low_1, high_2 - second.value)
    highs = value + np.hypot(high_1 - first.value, second.value - low_2)
    outside = (lows > 0) | (highs < 0)
    p_value = 1.0 if value == 0 or not outside.any() else float(levels[outside].min())
    return max(-1.0, float(lows[-1])), min(1.0, float(highs[-1])), p_value
