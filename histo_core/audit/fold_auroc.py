"""The area under the ROC curve of scores that were learnt from the other folds."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from histo_core.evaluation import bootstrap
from histo_core.evaluation.delong import delong
from histo_core.evaluation.intervals import CONFIDENCE, Interval, limit_when_all_agree

_MOST_VARIANCE = 0.25
"""Of a number between 0 and 1: taken for a fold with a single sample of a class, which says nothing of it."""


def fold_auroc(positive: np.ndarray, score: np.ndarray, folds: np.ndarray) -> float:
    """The share of the pairs of a positive and a negative sample of one fold that the score puts in order.

    A fold that holds more of the class leaves less of it to the others, from which its scores were learnt. Over all
    pairs a score that tells nothing would therefore stay below 0.5; over the pairs of one fold it is expected there.

    Args:
        positive: bool [n].
        score: float [n].
        folds: int [n], the fold of each sample.

    Returns:
        0 to 1; NaN where no fold holds both classes.
    """
    parts, weights = _parts(positive, folds)
    aurocs = [delong(positive[part], score[part])[0][0] for part in parts]
    return float(weights @ aurocs) if parts else np.nan


def fold_auroc_interval(
    positive: np.ndarray,
    score: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Interval:
    """`fold_auroc` with its interval, made as `histo_core.evaluation.auroc.auroc_interval` makes it.

    Without groups the folds are independent, and DeLong's variances add up; with groups, each of which lies in one
    fold, they are drawn with replacement.
    """
    parts, weights = _parts(positive, folds)
    if not parts:
        return Interval.undefined("no fold holds both classes")
    found = [delong(positive[part], score[part]) for part in parts]
    value = float(weights @ [aurocs[0] for aurocs, _ in found])
    if value in (0.0, 1.0):
        pairs = _independent_pairs(positive, folds, groups)
        limit = limit_when_all_agree(pairs, confidence)
        low, high = (limit, 1.0) if value == 1 else (0.0, 1 - limit)
        return Interval(value, low, high, f"exact limit of {pairs:,} independent pairs of one fold")
    if groups is None:
        variances = np.nan_to_num([covariance[0, 0] for _, covariance in found], nan=_MOST_VARIANCE)
        half = norm.ppf((1 + confidence) / 2) * np.sqrt(np.square(weights) @ variances) / (value * (1 - value))
        low, high = expit(logit(value) + np.array([-half, half]))
        return Interval(value, float(low), float(high), "DeLong, logit scale, pairs of one fold")
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = int(codes.max()) + 1
    replicates = _replicates(positive, score, parts, codes)
    low, high = bootstrap.percentiles(replicates, confidence)
    method = f"{bootstrap.method_text(n_groups, replicates)}, pairs of one fold"
    return Interval(value, low, high, method, bootstrap.warning_text(n_groups))


def chance_deviation(positive: np.ndarray, folds: np.ndarray, groups: np.ndarray | None = None) -> float:
    """The standard deviation of `fold_auroc` around 0.5 for a score that tells nothing.

    That of the rank sum (Mann and Whitney 1947, Ann. Math. Stat. 18:50) of m + n samples without ties,
    sqrt((m + n + 1) / (12 m n)), with groups counted in place of samples; the folds add up by their weights.
    """
    ids = np.arange(len(positive)) if groups is None else groups
    parts, weights = _parts(positive, folds)
    counts = [[len(set(ids[part][side])) for side in (positive[part], ~positive[part])] for part in parts]
    variances = [(m + n + 1) / (12 * m * n) for m, n in counts]
    return float(np.sqrt(np.square(weights) @ variances))


def _parts(positive: np.ndarray, folds: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The samples of each fold that holds both classes, and the folds' shares of all pairs."""
    parts = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    pairs = np.array([np.sum(positive[part]) * np.sum(~positive[part]) for part in parts], np.float64)
    kept = np.flatnonzero(pairs)
    return [parts[fold] for fold in kept], pairs[kept] / max(pairs.sum(), 1)


def _replicates(positive: np.ndarray, score: np.ndarray, parts: list[np.ndarray], codes: np.ndarray) -> np.ndarray:
    """`fold_auroc` of every draw of the groups."""
    weights = bootstrap.draw_groups(int(codes.max()) + 1)
    won, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for part in parts:
        mine, local = np.unique(codes[part], return_inverse=True)
        drawn = weights[:, mine]
        of_class = positive[part]
        with_class, without = (drawn @ np.bincount(local[side], minlength=len(mine)) for side in (of_class, ~of_class))
        here = with_class * without
        won += here * np.nan_to_num(bootstrap.auroc_replicates(of_class, score[part], local, drawn))
        pairs += here
    return np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)


def _independent_pairs(positive: np.ndarray, folds: np.ndarray, groups: np.ndarray | None) -> int:
    """How many pairs of a positive and a negative sample (or group) of one fold there are without one in two pairs."""
    ids, pairs = np.arange(len(positive)) if groups is None else groups, 0
    for fold in np.unique(folds):
        mine = folds == fold
        with_class = (len(set(ids[mine & side])) for side in (positive, ~positive))
        pairs += min(*with_class, len(set(ids[mine])) // 2)
    return pairs
