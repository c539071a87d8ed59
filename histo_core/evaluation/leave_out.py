"""Compute intervals of any statistic of samples, by leaving out one group (or block of groups) at a time.

For statistics with a quicker way, such as rates, AUROC and means, other modules give the same jackknife in one step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.jackknife import degrees_of_freedom, jackknife_limits
from histo_core.evaluation.limits import RATE, Bounds, Unknown
from histo_core.evaluation.warnings import few_groups

MAX_BLOCKS = 200
"""With more groups than this, whole groups are put into so many blocks at random, and a block is left out at a time."""
_SEED = 20_117


def leave_out_interval(
    statistic: Callable[[np.ndarray], float],
    components: np.ndarray,
    codes: np.ndarray | None = None,
    *,
    bounds: Bounds = RATE,
    confidence: float = CONFIDENCE,
    nothing: str = "no sample",
) -> Interval:
    """Return a statistic with the interval of the delete-a-group jackknife (Kott 2001, J. Off. Stat. 17:521).

    Args:
        statistic: maps the samples to use, bool [n], to a number; NaN where it is not defined.
        components: bool [c, n], the samples of each component that the statistic needs: for the area under a
            precision-recall curve the positive and the negative ones. A component with a single group allows no
            interval.
        codes: int64 [n], the number of each sample's group; None where each sample is one.
        bounds: lowest and highest value of the statistic; (0, inf) takes the log scale.
        confidence: 0 to 1.
        nothing: the reason given where the statistic is not defined.
    """
    members = np.atleast_2d(np.asarray(components, bool))
    n = int(members.shape[1])
    value = float(statistic(np.ones(n, bool)))
    if np.isnan(value):
        return Interval.undefined(nothing)
    group = np.arange(n) if codes is None else codes
    n_groups = int(group.max()) + 1
    unit = "samples" if codes is None else "groups"
    k = min(len(np.unique(group[member])) for member in members)
    warning = "" if codes is None else few_groups(k)
    if k < 2:
        return Unknown(value, f"one {unit[:-1]} of a class: no interval can be estimated", warning, bounds).interval(
            confidence
        )
    block, n_blocks = blocks(group, n_groups)
    without = np.array([statistic(block != one) for one in range(n_blocks)])
    sizes = np.stack([np.bincount(block[member], minlength=n_blocks) for member in members], axis=1)
    df = degrees_of_freedom(sizes.astype(np.float64))
    in_blocks = f" in {n_blocks} random blocks" if n_blocks < n_groups else ""
    method = f"jackknife of {n_groups:,} {unit}{in_blocks}, {_scale(bounds)} scale, t with {df:.1f} degrees of freedom"
    return jackknife_limits(value, without, df, method, warning, k=k, unit=unit, bounds=bounds, step=0.5 / n).interval(
        confidence
    )


def mean_interval(
    values: np.ndarray,
    codes: np.ndarray | None = None,
    *,
    bounds: Bounds,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return the mean of one number a sample with the interval of the delete-one-group jackknife.

    Args:
        values: float64 [n], n at least 1.
        codes: int64 [n], the number of each sample's group; None where each sample is one.
        bounds: lowest and highest value of the mean; (0, inf) takes the log scale.
        confidence: 0 to 1.
    """
    total, n = float(values.sum()), len(values)
    group = np.arange(n) if codes is None else codes
    sizes = np.bincount(group).astype(np.float64)
    sums = np.bincount(group, weights=values)
    unit = "samples" if codes is None else "groups"
    warning = "" if codes is None else few_groups(len(sizes))
    if len(sizes) < 2:
        return Unknown(total / n, f"one {unit[:-1]}: no interval can be estimated", warning, bounds).interval(
            confidence
        )
    without = (total - sums) / (n - sizes)
    df = degrees_of_freedom(sizes[:, None])
    method = f"jackknife of {len(sizes):,} {unit}, {_scale(bounds)} scale, t with {df:.1f} degrees of freedom"
    return jackknife_limits(
        total / n, without, df, method, warning, k=len(sizes), unit=unit, bounds=bounds, step=0.5 / n
    ).interval(confidence)


def blocks(group: np.ndarray, n_groups: int) -> tuple[np.ndarray, int]:
    """Return the block of each sample, int64 [n], and the number of blocks; whole groups stay together."""
    if n_groups <= MAX_BLOCKS:
        return group, n_groups
    order = np.random.default_rng(_SEED).permutation(n_groups)
    return (order % MAX_BLOCKS)[group], MAX_BLOCKS


def _scale(bounds: Bounds) -> str:
    return "log" if np.isinf(bounds[1]) else "logit"
