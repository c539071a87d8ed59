"""Compute the AUROC within folds, for scores that were learnt from the other folds."""

from __future__ import annotations

import numpy as np

from histo_core.evaluation.auroc_estimate import AurocEstimate, auroc_estimate, influence_df
from histo_core.evaluation.delong import delong
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.jackknife import jackknife_limits
from histo_core.evaluation.limits import Unknown
from histo_core.evaluation.warnings import few_groups


def fold_auroc(positive: np.ndarray, score: np.ndarray, folds: np.ndarray) -> float:
    """Return the share of pairs of a positive and a negative sample of the same fold that the score orders correctly.

    A fold with more of the class leaves less of it to the other folds, from which its scores were learnt. Over all
    pairs, a score without information would therefore stay below 0.5; over pairs within a fold its expectation is 0.5.

    Args:
        positive: bool [n].
        score: float [n].
        folds: int [n], the fold of each sample.

    Returns:
        0 to 1; NaN where no fold holds both classes.
    """
    samples, weights = _samples_by_fold(positive, folds)
    aurocs = [delong(positive[one], score[one])[0][0] for one in samples]
    return float(weights @ aurocs) if samples else np.nan


def fold_auroc_interval(
    positive: np.ndarray,
    score: np.ndarray,
    folds: np.ndarray,
    groups: np.ndarray | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return `fold_auroc` with its interval: the delete-one-group jackknife (`histo_core.evaluation.jackknife`).

    Each group lies in one fold. Without groups each sample is a group. A single fold has the interval of
    `auroc_interval`.
    """
    samples, weights = _samples_by_fold(positive, folds)
    if not samples:
        return Interval.undefined("no fold holds both classes")
    codes = None if groups is None else np.unique(groups, return_inverse=True)[1]
    found = [auroc_estimate(positive[one], score[one], _renumbered(codes, one)) for one in samples]
    if len(found) == 1:
        return found[0].limits.interval(confidence)
    value = float(weights @ [one.value for one in found])
    pairs = _independent_pairs(positive, folds, groups)
    sizes = np.concatenate([one.sizes for one in found])
    influence = np.concatenate([weight * one.influence for weight, one in zip(weights, found, strict=True)])
    unit, df = "samples" if groups is None else "groups", influence_df(influence, sizes)
    method = f"jackknife of {len(sizes):,} {unit}, logit scale, t with {df:.1f} degrees of freedom, pairs of one fold"
    warning = "" if groups is None else few_groups(len(sizes))
    if pairs < 2:
        return Unknown(value, f"one pair of {unit}: no interval can be estimated", warning).interval(confidence)
    step = 0.5 / sum(one.sizes[:, 0].sum() * one.sizes[:, 1].sum() for one in found)
    limits = jackknife_limits(
        value, _without(found), df, method, warning, k=pairs, unit="independent pairs of one fold", step=step
    )
    return limits.interval(confidence)


def chance_deviation(positive: np.ndarray, folds: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Return the standard deviation of `fold_auroc` around 0.5 for a score without information.

    It is that of the rank sum (Mann and Whitney 1947, Ann. Math. Stat. 18:50) of m + n samples without ties,
    sqrt((m + n + 1) / (12 m n)), with groups counted in place of samples. Folds are combined by their weights.
    """
    ids = np.arange(len(positive)) if groups is None else groups
    samples, weights = _samples_by_fold(positive, folds)
    counts = [[len(set(ids[one][side])) for side in (positive[one], ~positive[one])] for one in samples]
    variances = [(m + n + 1) / (12 * m * n) for m, n in counts]
    return float(np.sqrt(np.square(weights) @ variances))


def _samples_by_fold(positive: np.ndarray, folds: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the samples of each fold that has both classes, and the folds' shares of all pairs."""
    samples = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
    pairs = np.array([np.sum(positive[one]) * np.sum(~positive[one]) for one in samples], np.float64)
    kept = np.flatnonzero(pairs)
    return [samples[fold] for fold in kept], pairs[kept] / max(pairs.sum(), 1)


def _renumbered(codes: np.ndarray | None, samples: np.ndarray) -> np.ndarray | None:
    """Return the group of each of some samples, numbered from 0 without gaps."""
    return None if codes is None else np.unique(codes[samples], return_inverse=True)[1]


def _without(found: list[AurocEstimate]) -> np.ndarray:
    """Return `fold_auroc` without each group; a fold that loses a class is left out."""
    totals = [one.sizes.sum(axis=0) for one in found]
    pairs = np.array([m * n for m, n in totals])
    wins = pairs * [one.value for one in found]
    left = []
    for fold, (one, (m, n)) in enumerate(zip(found, totals, strict=True)):
        here = (m - one.sizes[:, 0]) * (n - one.sizes[:, 1])
        won = np.nan_to_num(one.without) * here + wins.sum() - wins[fold]
        of = here + pairs.sum() - pairs[fold]
        left.append(np.divide(won, of, out=np.full(len(of), np.nan), where=of > 0))
    return np.concatenate(left)


def _independent_pairs(positive: np.ndarray, folds: np.ndarray, groups: np.ndarray | None) -> int:
    """Return the number of within-fold pairs of a positive and a negative sample or group; none occurs in two pairs."""
    ids, pairs = np.arange(len(positive)) if groups is None else groups, 0
    for fold in np.unique(folds):
        mine = folds == fold
        with_class = (len(set(ids[mine & side])) for side in (positive, ~positive))
        pairs += min(*with_class, len(set(ids[mine])) // 2)
    return pairs
