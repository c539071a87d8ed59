"""Test whether several models on the same samples have one AUROC, before any pair is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit
from scipy.stats import chi2, f

from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.delong import delong
from histo_core.evaluation.jackknife import degrees_of_freedom
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

_RANK = 1e-10
"""Singular values below this share of the largest count as 0."""


@dataclass(frozen=True)
class AurocEquality:
    """The result of one test of all AUROCs.

    Attributes:
        statistic: chi-square, or F where the covariance is estimated from groups.
        rank: how many of the m - 1 differences are independent of each other; 0 where all models give one order.
        df: denominator degrees of freedom; infinite for the chi-square.
        p_value: None where it cannot be computed: a class is missing or has one group, or models do not differ at all.
        method: how it was computed, for a caption.
    """

    statistic: float
    rank: int
    df: float
    p_value: float | None
    method: str


def auroc_equality(y_true: ArrayLike, scores: ArrayLike, groups: Groups = None) -> AurocEquality:
    """Test that all models have one AUROC, with the covariance of all of them.

    Without groups it is the chi-square of DeLong et al. (1988, Biometrics 44:837, equation 8): with a the AUROCs, S
    their covariance and L the m - 1 differences from the first model, (L a)' (L S L')^-1 (L a). With groups a and S are
    the logits of the AUROCs and their jackknife covariance by group, and the statistic is Hotelling's T^2 with the
    degrees of freedom of `degrees_of_freedom`: T^2 (df - r + 1) / (df r) is an F with r and df - r + 1.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        scores: float [m, n], one row a model.
        groups: patient (else slide) ids [n]; None takes samples as independent.

    Raises:
        DataError: what `auroc_interval` raises.
    """
    positive = check_truth(y_true)
    table = check_scores(scores, len(positive))
    codes = check_groups(groups, len(positive))
    if len(table) < 2:
        return _none("one model: nothing to test")
    if positive.all() or not positive.any():
        return _none("a class is missing")
    if codes is None:
        aurocs, covariance = delong(positive, table)
        if np.isnan(covariance).any():
            return _none("a class has one sample")
        statistic, rank = _quadratic(aurocs, covariance)
        if not rank:
            return _none("all models order the samples alike")
        return AurocEquality(
            statistic, rank, np.inf, float(chi2.sf(statistic, rank)), "chi-square with DeLong's covariance"
        )
    estimates = [auroc_estimate(positive, score, codes) for score in table]
    if estimates[0].smaller < 2:
        return _none("a class has one group")
    step = estimates[0].step
    values = np.array([one.value for one in estimates])
    without = np.stack([np.where(np.isnan(one.without), one.value, one.without) for one in estimates])
    centred = logit(np.clip(without, step, 1 - step))
    centred = centred - centred.mean(axis=1, keepdims=True)
    k = centred.shape[1]
    squared, rank = _quadratic(logit(np.clip(values, step, 1 - step)), (k - 1) / k * centred @ centred.T)
    if not rank:
        return _none("all models order the samples alike")
    df = degrees_of_freedom(estimates[0].sizes)
    if df <= len(table) - 2:
        return _none(f"{len(table)} models need more than the {df:.1f} degrees of freedom of these groups")
    statistic = squared * (df - rank + 1) / (df * rank)
    p = float(f.sf(statistic, rank, df - rank + 1))
    return AurocEquality(statistic, rank, df - rank + 1, p, f"Hotelling's T² of the logits, jackknife of {k:,} groups")


def _quadratic(values: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """Return the quadratic form of the differences from the first value, and its rank."""
    contrast = np.concatenate([-np.ones((len(values) - 1, 1)), np.eye(len(values) - 1)], axis=1)
    differences, spread = contrast @ values, contrast @ covariance @ contrast.T
    rank = int(np.linalg.matrix_rank(spread, tol=_RANK * max(np.abs(spread).max(), 1e-300), hermitian=True))
    if np.abs(spread).max() < 1e-15:
        return 0.0, 0
    return float(differences @ np.linalg.pinv(spread, rcond=_RANK, hermitian=True) @ differences), rank


def _none(reason: str) -> AurocEquality:
    return AurocEquality(np.nan, 0, np.nan, None, reason)
