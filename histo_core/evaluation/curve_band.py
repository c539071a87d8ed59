"""Compute bands around ROC, precision-recall and decision curves: the interval of each of their points, by patient.

At each point the band is the interval of the delete-one-group jackknife of docs/statistics.md. It is one interval a
point: with 95% the whole curve lies inside less often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.jackknife import degrees_of_freedom, jackknife_limits
from histo_core.evaluation.leave_out import blocks
from histo_core.evaluation.limits import RATE, Bounds
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth

POINTS = 51
_MOST_CUTS = 500
"""The scores are cut into so many pieces at most, for the band alone; the curve itself has every distinct score."""


@dataclass(frozen=True, eq=False)
class CurveBand:
    """The limits of a curve at the positions ``x``; all float64 [p], empty where no interval can be estimated."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray


NO_BAND = CurveBand(*(np.empty(0) for _ in range(3)))
_FEWEST = 10
_NEIGHBOURS = 2
"""Points on each side whose changes are averaged. The change of a rate at one share of false alarms, when a few samples
are left out, hangs on one score, and its jackknife does not settle with any number of samples; that of a mean does."""
Rates = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Maps sensitivity and share of false alarms, both float64 [..., cuts] and ascending, and the share of the class of
interest, float64 [..., 1], to a curve at the positions."""


def roc_band(
    y_true: ArrayLike, score: ArrayLike, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> CurveBand:
    """Return the band of the sensitivity at each share of false alarms.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: float [n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: of the interval at each point, 0 to 1.

    Raises:
        DataError: labels other than 0 and 1, scores that are not finite numbers, or group ids that do not fit.
    """
    x = np.linspace(0, 1, POINTS)[1:-1]
    band = _band(y_true, score, groups, x, lambda found, false, _: _between(false, found, x), confidence)
    # A ROC curve never falls: what it exceeds at one share it exceeds at each larger one.
    return CurveBand(band.x, np.maximum.accumulate(band.low), np.minimum.accumulate(band.high[::-1])[::-1])


def precision_recall_band(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
) -> CurveBand:
    """Return the band of the precision at each recall; arguments as in `roc_band`.

    Args:
        prevalence: the stated share of the class, 0 to 1; None takes that of the samples.
    """
    x = np.linspace(0, 1, POINTS)[1:]

    def precision(found: np.ndarray, false: np.ndarray, share: np.ndarray) -> np.ndarray:
        q = share if prevalence is None else prevalence
        return q * x / (q * x + (1 - q) * _between(found, false, x))

    return _band(y_true, score, groups, x, precision, confidence, used=x)


def net_benefit_band(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups = None,
    *,
    thresholds: np.ndarray,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
) -> CurveBand:
    """Return the band of the net benefit at each threshold; arguments as in `roc_band`.

    Args:
        thresholds: float64 [p], ascending, each between 0 and 1.
        prevalence: the stated share of the class, 0 to 1; None takes that of the samples.
    """
    odds = thresholds / (1 - thresholds)

    def benefit(found: np.ndarray, false: np.ndarray, share: np.ndarray) -> np.ndarray:
        q = share if prevalence is None else prevalence
        return q * found[..., -2:0:-1] - (1 - q) * false[..., -2:0:-1] * odds

    q = prevalence
    bounds = [(-one, 1.0) if q is None else (-(1 - q) * one, q) for one in odds]
    descending = thresholds[::-1]
    return _band(y_true, score, groups, thresholds, benefit, confidence, cuts=descending, bounds=bounds, smooth=0)


def _between(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return y at positions ``at`` along the lines between the points x, y [..., cuts]."""
    found = np.empty((*x.shape[:-1], len(at)))
    for place in np.ndindex(*x.shape[:-1]):
        found[place] = np.interp(at, x[place], y[place])
    return found


def _band(
    y_true: ArrayLike,
    score: ArrayLike,
    groups: Groups,
    x: np.ndarray,
    curve: Rates,
    confidence: float,
    *,
    cuts: np.ndarray | None = None,
    bounds: list[Bounds] | None = None,
    smooth: int = _NEIGHBOURS,
    used: np.ndarray | None = None,
) -> CurveBand:
    """Return the band; ``used`` is the share of groups that each point is computed from, None for all."""
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    codes = check_groups(groups, len(positive))
    if positive.all() or not positive.any():
        return NO_BAND
    n = len(positive)
    group = np.arange(n) if codes is None else codes
    block, n_blocks = blocks(group, int(group.max()) + 1)
    sizes = np.stack([np.bincount(block[part], minlength=n_blocks) for part in (positive, ~positive)], axis=1)
    k = min(len(np.unique(group[part])) for part in (positive, ~positive))
    if k < 2:
        return NO_BAND
    edges = _cuts(scores) if cuts is None else cuts
    counts = _counts(positive, scores, block, n_blocks, edges)
    total = counts.sum(axis=1)
    ends = total[:, -1:]
    whole = curve(total[0] / ends[0], total[1] / ends[1], ends[0] / ends.sum(axis=0))
    left = total[:, None] - counts
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = left / left[..., -1:]
    kept = np.isfinite(rates).all(axis=(0, 2))  # a group may hold a whole class
    share = left[0, :, -1:] / left[..., -1:].sum(axis=0)
    without = np.full((n_blocks, len(whole)), np.nan)
    without[kept] = whole + _smooth(curve(rates[0, kept], rates[1, kept], share[kept]) - whole, smooth)
    df = degrees_of_freedom(sizes.astype(np.float64))
    at = np.full(len(whole), k) if used is None else np.floor(k * used + 1e-9).astype(int)
    each = [RATE] * len(whole) if bounds is None else bounds
    found = [
        jackknife_limits(float(value), column, df, "jackknife", k=int(many), step=0.5 / n, bounds=bound).interval(
            confidence
        )
        for value, column, many, bound in zip(whole, without.T, at, each, strict=True)
    ]
    # A precision of 1 of a handful of groups says next to nothing: the band begins where there are more.
    known = np.ones(len(x), bool) if used is None else (at >= _FEWEST) | ((whole > 0) & (whole < 1))
    low, high = np.array([one.low for one in found]), np.array([one.high for one in found])
    return CurveBand(x[known], low[known], high[known])


def _smooth(changes: np.ndarray, neighbours: int) -> np.ndarray:
    """Return the mean of each point's change and that of its neighbours, float64 [g, p]."""
    if not neighbours:
        return changes
    kernel = np.ones(2 * neighbours + 1)
    weight = np.convolve(np.ones(changes.shape[1]), kernel, "same")
    return np.stack([np.convolve(one, kernel, "same") / weight for one in changes])


def _cuts(scores: np.ndarray) -> np.ndarray:
    """Return descending scores at which the curve is cut."""
    values = np.unique(scores)[::-1]
    if len(values) <= _MOST_CUTS:
        return values
    return np.unique(np.quantile(scores, np.linspace(0, 1, _MOST_CUTS), method="nearest"))[::-1]


def _counts(positive: np.ndarray, scores: np.ndarray, block: np.ndarray, n_blocks: int, cuts: np.ndarray) -> np.ndarray:
    """Return each group's positive and negative samples at or above each descending cut, float64 [2, groups, c + 2].

    The first cut is above all scores, the last below all.
    """
    c = len(cuts)
    place = c - np.searchsorted(cuts[::-1], scores, side="right") + 1  # 1 for the highest cut, c + 1 below the lowest
    cell, cells = block * (c + 2) + place, n_blocks * (c + 2)
    flat = np.stack([np.bincount(cell[part], minlength=cells) for part in (positive, ~positive)])
    return np.cumsum(flat.reshape(2, n_blocks, c + 2), axis=2).astype(np.float64)
