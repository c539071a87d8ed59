"""Compute limits by the delete-one-group jackknife: from a statistic's values without each patient.

Three measures keep the coverage where that of plain jackknife and bootstrap intervals falls to 60 to 90%
(docs/statistics.md has the simulation):

- Limits are computed on the logit scale (log scale where there is no upper bound). The standard error is estimated
  twice: by the jackknife of the statistic, transformed by the delta method, and by the jackknife of its logit. The
  larger one is used.
- The quantile is Student's t. Its degrees of freedom follow from how unequal the groups are (`degrees_of_freedom`).
- Where the groups' influence is skewed, the t quantile is enlarged on the side of the tail by the first term of the
  Edgeworth expansion (Hall 1992, J. R. Stat. Soc. B 54:221), and never reduced on the other side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import t

from histo_core.evaluation.limits import RATE, Agreeing, Bounds, Limits, Unknown, Widest

_FEWEST_DF = 0.1
"""At so few degrees of freedom one group outweighs all others, and the limits equal the bounds."""
_NO_VARIATION = 1e-12


@dataclass(frozen=True, eq=False)
class Jackknife(Limits):
    """Limits by the delete-one-group jackknife.

    Attributes:
        without: float64 [g], the statistic without group g.
        df: degrees of freedom.
        bounds: lowest and highest value of the statistic; (0, inf) takes the log scale.
        step: the smallest distance of a leave-one-group-out value from a bound, as a share of the range.
        times: float64 [g], how many groups each entry stands for; None for one.
    """

    without: np.ndarray
    df: float = 1.0
    bounds: Bounds = RATE
    step: float = 1e-9
    times: np.ndarray | None = None

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        link, slope, back = _scale(self.bounds, self.step)
        centre = float(link(np.array([self.value]))[0])
        quantile = t.ppf(1 - np.asarray(alpha) / 2, max(self.df, _FEWEST_DF))
        deviations = self._deviations(self.without)
        spread = self._sum(deviations**2) ** 1.5
        skewness = self._sum(deviations**3) / spread if spread else 0.0  # equal values have no skewness
        enlarged = skewness * (2 * quantile**2 + 1) / 6
        by_delta = slope(self.value) * self._error(deviations)
        by_link = quantile * self._error(self._deviations(link(self.without)))
        with np.errstate(over="ignore"):
            low = centre - np.maximum(by_delta * (quantile + np.maximum(-enlarged, 0)), by_link)
            high = centre + np.maximum(by_delta * (quantile + np.maximum(enlarged, 0)), by_link)
            return back(low), back(high)

    def _sum(self, values: np.ndarray) -> float:
        return float(values.sum() if self.times is None else values @ self.times)

    def _deviations(self, without: np.ndarray) -> np.ndarray:
        """Return how much each group raises the statistic, float64 [g]."""
        n = len(without) if self.times is None else self.times.sum()
        return self._sum(without) / n - without

    def _error(self, deviations: np.ndarray) -> float:
        n = len(deviations) if self.times is None else float(self.times.sum())
        return float(np.sqrt((n - 1) / n * self._sum(deviations**2)))


def _scale(
    bounds: Bounds, step: float
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[float], float], Callable[[np.ndarray], np.ndarray]]:
    """Return the link function, its slope at a value, and its inverse."""
    low, high = bounds
    if np.isinf(high):
        return lambda x: np.log(np.maximum(x - low, 1e-300)), lambda x: 1 / (x - low), lambda x: low + np.exp(x)
    span = high - low
    return (
        lambda x: logit(np.clip((x - low) / span, step, 1 - step)),
        lambda x: span / ((x - low) * (high - x)),
        lambda x: low + span * expit(x),
    )


def jackknife_limits(
    value: float,
    without: np.ndarray,
    df: float,
    method: str,
    warning: str = "",
    *,
    k: int,
    unit: str = "groups",
    bounds: Bounds = RATE,
    step: float = 1e-9,
    times: np.ndarray | None = None,
    at_least: tuple[Limits, ...] = (),
) -> Limits:
    """Return `Jackknife` limits, or those of `Agreeing` where nothing varies between the groups.

    Args:
        value, without, df, bounds, step, times: as in `Jackknife`; an undefined entry of ``without`` (NaN) counts as
            ``value``.
        method, warning: as in `Limits`.
        k: number of groups that the statistic is computed from.
        unit: what a group is called in a caption.
        at_least: limits that the result is never narrower than.
    """
    known = np.where(np.isnan(without), value, without)
    if value in bounds or np.abs(known - value).max() < _NO_VARIATION * max(1.0, abs(value)):
        if np.isinf(bounds[1]):
            return Unknown(value, f"the {unit} agree: no interval can be estimated", warning, bounds)
        return Agreeing(value, f"exact limit of {k:,} {unit}", warning, k, bounds)
    own = Jackknife(value, method, warning, known, df, bounds, step, times)
    return Widest(value, method, warning, (own, *at_least)) if at_least else own


def effective_groups(sizes: np.ndarray, times: np.ndarray | None = None) -> float:
    """Return the effective number of groups: (sum a^2)^2 / sum a^4 for the sizes a.

    So many equal groups would estimate the variance as precisely.

    Args:
        sizes: float64 [g], samples of each group.
        times: float64 [g], how many groups each entry stands for; None for one.
    """
    squares = np.asarray(sizes, np.float64) ** 2
    weights = np.ones(len(squares)) if times is None else times
    fourth = float(weights @ squares**2)
    return float(weights @ squares) ** 2 / fourth if fourth else 0.0


def degrees_of_freedom(
    sizes: np.ndarray, variances: np.ndarray | None = None, times: np.ndarray | None = None
) -> float:
    """Return Satterthwaite's degrees of freedom of a variance that is summed over groups of unequal size.

    A statistic of c components (the positive and the negative samples of an AUROC) has the variance sum_j s_j. Group g
    contributes s_j n_gj^2 / sum_g n_gj^2 to component j, as it does where the samples of a group agree. With
    e_j = `effective_groups`, and a factor e_j / (e_j - 1) because the mean is estimated from the same groups,

        df = (sum_j s_j)^2 / sum_g (sum_j s_j n_gj^2 / sum_g n_gj^2 sqrt(e_j / (e_j - 1)))^2.

    Components that share their groups (each patient has both classes) give K - 1 for K equal groups; components with
    groups of their own give Welch's degrees of freedom (Satterthwaite 1946, Biometrics Bull. 2:110).

    Args:
        sizes: float64 [g, c], samples of each group and component.
        variances: float64 [c], the s_j; None takes the components' groups as equally variable, so that s_j is
            sum_g n_gj^2 / (sum_g n_gj)^2.
        times: float64 [g], how many groups each row stands for; None for one.
    """
    sizes = np.asarray(sizes, np.float64)
    weights = np.ones(len(sizes)) if times is None else np.asarray(times, np.float64)
    squares = weights @ sizes**2
    share = sizes**2 / squares
    effective = np.array([effective_groups(column, times) for column in sizes.T])
    if variances is None:
        variances = squares / (weights @ sizes) ** 2
    carried = (share * (variances * np.sqrt(effective / np.maximum(effective - 1, 1e-6)))).sum(axis=1)
    total = float(weights @ carried**2)
    return float(variances.sum()) ** 2 / total if total else np.inf
