"""Compute intervals of rates and of any other statistic of a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.jackknife import degrees_of_freedom, jackknife_limits
from histo_core.evaluation.limits import RATE, Bounds, Limits, Proportion, Unknown
from histo_core.evaluation.warnings import few_groups

Statistic = Callable[[np.ndarray], np.ndarray]


def ratio_interval(
    successes: ArrayLike,
    trials: ArrayLike,
    codes: np.ndarray | None = None,
    *,
    confidence: float = CONFIDENCE,
    nothing: str = "no sample",
) -> Interval:
    """Return a rate with its interval: successes over trials, where each sample counts once or not at all.

    Without groups the limits are exact (Clopper and Pearson). With groups they are those of the delete-one-group
    jackknife (`histo_core.evaluation.jackknife`), but never narrower than the exact limits of independent samples. A
    rate that is the same in all groups gets the exact limit of as many trials as there are groups.

    Args:
        successes, trials: bool [n]; every success is a trial.
        codes: int64 [n], the number of each sample's group; None takes samples as independent.
        confidence: 0 to 1.
        nothing: the reason given where there is no trial.
    """
    won, tried = np.asarray(successes, bool), np.asarray(trials, bool)
    successful, n = int(won.sum()), int(tried.sum())
    if not n:
        return Interval.undefined(nothing)
    independent = Proportion(successful / n, "exact (Clopper and Pearson)", "", successful, n)
    if codes is None:
        return independent.interval(confidence)
    cells = np.where(tried, np.where(won, 0, 1), 2)
    return counts_interval(
        cells, 3, _rate, codes, confidence=confidence, units=np.array([[1, 1, 0]]), at_least=(independent,)
    )


def _rate(counts: np.ndarray) -> np.ndarray:
    tried = counts[..., 0] + counts[..., 1]
    return np.divide(counts[..., 0], tried, out=np.full(tried.shape, np.nan), where=tried > 0)


def counts_interval(
    cells: ArrayLike,
    n_cells: int,
    statistic: Statistic,
    codes: np.ndarray | None = None,
    *,
    bounds: Bounds = RATE,
    confidence: float = CONFIDENCE,
    units: np.ndarray | None = None,
    at_least: tuple[Limits, ...] = (),
    nothing: str = "no sample",
) -> Interval:
    """Return a statistic of counts with its interval by the delete-one-group jackknife.

    Args:
        cells: int [n], the cell that each sample counts in, 0 to ``n_cells`` - 1; in a confusion matrix
            ``true * k + predicted``.
        n_cells: how many cells there are.
        statistic: maps counts, float64 [..., n_cells], to numbers [...]; NaN where it is not defined.
        codes: int64 [n], the number of each sample's group; None where each sample is one.
        bounds: lowest and highest value of the statistic.
        confidence: 0 to 1.
        units: 0 or 1 [u, n_cells]: the cells that each of the statistic's u components is computed from, such as the
            row of each class for a mean of recalls. A component with a single group allows no interval. None takes the
            cells that change the statistic as its one component.
        at_least: limits that the result is never narrower than.
        nothing: the reason given where the statistic is not defined.
    """
    cell = np.asarray(cells, np.int64)
    counts = np.bincount(cell, minlength=n_cells).astype(np.float64)
    value = float(statistic(counts))
    if np.isnan(value):
        return Interval.undefined(nothing)
    by_group, times = _groups(cell, n_cells, codes)
    parts = _moving(statistic, counts)[None] if units is None else np.asarray(units, np.float64)
    sizes = by_group @ parts[(parts @ counts) > 0].T
    used = sizes.sum(axis=1) > 0
    by_group, sizes, times = by_group[used], sizes[used], None if times is None else times[used]
    many = np.ones(len(sizes)) if times is None else times
    k = int(min(many @ (sizes > 0)))
    unit = "samples" if codes is None else "groups"
    warning = "" if codes is None else few_groups(k)
    if k < 2:
        return Unknown(value, f"one {unit[:-1]}: no interval can be estimated", warning, bounds).interval(confidence)
    df = degrees_of_freedom(sizes, times=times)
    limits = jackknife_limits(
        value,
        statistic(counts - by_group),
        df,
        f"jackknife of {int(many.sum()):,} {unit}, logit scale, t with {df:.1f} degrees of freedom",
        warning,
        k=k,
        unit=unit,
        bounds=bounds,
        step=0.5 / max(len(cell), 1),
        times=times,
        at_least=at_least,
    )
    return limits.interval(confidence)


def _groups(cell: np.ndarray, n_cells: int, codes: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the counts of each group, float64 [g, n_cells].

    Without groups there is one row a cell, and the number of samples in each.
    """
    if codes is None:
        times = np.bincount(cell, minlength=n_cells).astype(np.float64)
        return np.eye(n_cells)[times > 0], times[times > 0]
    n_groups = int(codes.max()) + 1
    flat = np.bincount(codes * n_cells + cell, minlength=n_groups * n_cells)
    return flat.reshape(n_groups, n_cells).astype(np.float64), None


def _moving(statistic: Statistic, counts: np.ndarray) -> np.ndarray:
    """Return 1 for cells that change the statistic, else 0.

    The change is evaluated at slightly larger counts: a precision of 1 does not change with one more correct call.
    """
    beside = counts + 0.5
    moved = np.abs(statistic(beside + np.eye(len(counts))) - statistic(beside)) > 0
    return (moved & (counts > 0) if (moved & (counts > 0)).any() else np.ones(len(counts))).astype(np.float64)
