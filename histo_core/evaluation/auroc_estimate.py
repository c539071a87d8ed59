"""Compute one model's AUROC, its value without each group, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from histo_core.evaluation.jackknife import degrees_of_freedom, jackknife_limits
from histo_core.evaluation.limits import Agreeing, Limits, Score, Unknown
from histo_core.evaluation.placements import placements, wins_within
from histo_core.evaluation.warnings import few_groups

_WEIGHT_OF_MODEL = 30
"""Degrees of freedom given to Newcombe's variance where DeLong's is smaller."""


@dataclass(frozen=True, eq=False)
class AurocEstimate:
    """The AUROC of one model with each group's influence on it.

    Attributes:
        grouped: False where each sample is a group of its own.
        value: the AUROC.
        without: float64 [g], the AUROC without group g; NaN where a class would be missing.
        influence: float64 [g, 2], influence of a group's positive and negative samples on the AUROC.
        sizes: float64 [g, 2], positive and negative samples of each group.
        variances: float (2), the positive and the negative samples' components of DeLong's variance (for independent
            samples); NaN where a class has one sample.
    """

    grouped: bool
    value: float
    without: np.ndarray
    influence: np.ndarray
    sizes: np.ndarray
    variances: tuple[float, float]

    @cached_property
    def class_groups(self) -> tuple[int, int]:
        """Return how many groups have positive and how many have negative samples."""
        positive, negative = (self.sizes > 0).sum(axis=0)
        return int(positive), int(negative)

    @property
    def smaller(self) -> int:
        """Return how many independent groups the rarer class has."""
        return min(self.class_groups)

    @property
    def pairs(self) -> int:
        """Return the number of pairs of a positive and a negative group in which no group occurs twice."""
        return min(self.smaller, len(self.sizes) // 2)

    @cached_property
    def _counts(self) -> tuple[float, float]:
        """Return the number of samples, and of pairs of a positive and a negative sample."""
        positive_and_negative: np.ndarray = self.sizes.sum(axis=0)
        return float(self.sizes.sum()), float(positive_and_negative.prod())

    @property
    def step(self) -> float:
        """Return half of the AUROC's smallest step."""
        return 0.5 / self._counts[1]

    @cached_property
    def df(self) -> float:
        return influence_df(self.influence, self.sizes)

    @cached_property
    def limits(self) -> Limits:
        """Return the AUROC's limits; `auroc_interval` says how they are computed."""
        kind = "group" if self.grouped else "sample"
        warning = few_groups(len(self.sizes)) if self.grouped else ""
        if self.smaller < 2:
            return Unknown(self.value, f"one {kind} of a class: no interval can be estimated", warning)
        if self.value in (0.0, 1.0) or not np.abs(self.influence).max() > 1e-15:
            return Agreeing(self.value, f"exact limit of {self.pairs:,} independent pairs", warning, self.pairs)
        if not self.grouped:
            return self._independent()
        method = f"jackknife of {len(self.sizes):,} groups, logit scale, t with {self.df:.1f} degrees of freedom"
        floor = Score(self.value, "", "", self._newcombe)
        return jackknife_limits(
            self.value, self.without, self.df, method, warning, k=self.pairs, step=self.step, at_least=(floor,)
        )

    def _independent(self) -> Limits:
        ratio = sum(self.variances) / float(self._newcombe(np.array([self.value]))[0])
        df = min(_welch(self.variances, self.sizes), degrees_of_freedom(self.sizes))
        if ratio < 1:
            ratio, df = (df * ratio + _WEIGHT_OF_MODEL) / (df + _WEIGHT_OF_MODEL), df + _WEIGHT_OF_MODEL
        return Score(self.value, "score interval with DeLong's variance", "", lambda a: ratio * self._newcombe(a), df)

    def _newcombe(self, auroc: np.ndarray) -> np.ndarray:
        """Return the variance of an AUROC of independent samples, given the true one (Newcombe 2006, method 5)."""
        half, pairs = self._counts[0] / 2 - 1, self._counts[1]
        return auroc * (1 - auroc) * (1 + half * ((1 - auroc) / (2 - auroc) + auroc / (1 + auroc))) / pairs


def auroc_estimate(positive: np.ndarray, score: np.ndarray, codes: np.ndarray | None) -> AurocEstimate:
    """Compute one model's AUROC and each group's influence on it, in O(n log n).

    Args:
        positive: bool [n], with both classes.
        score: float [n].
        codes: int64 [n], the number of each sample's group; None where each sample is one.
    """
    placed = placements(positive, score)
    m, n = int(positive.sum()), int((~positive).sum())
    value = float(placed[positive].mean())
    group, n_groups = (np.arange(len(score)), len(score)) if codes is None else (codes, int(codes.max()) + 1)
    wins, sizes = np.empty((n_groups, 2)), np.empty((n_groups, 2))
    for column, (part, others) in enumerate(((positive, n), (~positive, m))):
        sizes[:, column] = np.bincount(group[part], minlength=n_groups)
        wins[:, column] = np.bincount(group[part], weights=placed[part], minlength=n_groups) * others
    own = np.zeros(n_groups) if codes is None else wins_within(positive, score, codes, n_groups)
    pairs = (m - sizes[:, 0]) * (n - sizes[:, 1])
    left = value * m * n - wins.sum(axis=1) + own
    without = np.divide(left, pairs, out=np.full(n_groups, np.nan), where=pairs > 0)
    influence = (wins / (n, m) - value * sizes) / (m, n)
    variances = _mean_variance(placed[positive]), _mean_variance(placed[~positive])
    return AurocEstimate(codes is not None, value, np.clip(without, 0, 1), influence, sizes, variances)


def _mean_variance(values: np.ndarray) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else np.nan


def influence_df(influence: np.ndarray, sizes: np.ndarray) -> float:
    """Return the degrees of freedom of a variance that is summed from the groups' influences.

    It is the smaller of two values: one uses the components' estimated variances, the other takes groups as equally
    variable. The first alone is too large when a class of few groups has a small variance by chance.

    Args:
        influence, sizes: as in `AurocEstimate`, or the difference of two models' influences.
    """
    groups = (sizes > 0).sum(axis=0)
    variances = groups / np.maximum(groups - 1, 1) * (influence**2).sum(axis=0)
    return min(degrees_of_freedom(sizes, variances), degrees_of_freedom(sizes))


def _welch(variances: tuple[float, float], sizes: np.ndarray) -> float:
    counts = sizes.sum(axis=0)
    parts = np.array(variances)
    return float(parts.sum() ** 2 / (parts**2 / (counts - 1)).sum())
