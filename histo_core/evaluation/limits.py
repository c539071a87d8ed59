"""Compute confidence limits as functions of their level.

An interval needs one level; the P value of a difference needs many. A frozen `Limits` therefore keeps what is known
about an estimate, and computes its limits for a whole array of levels at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, t

from histo_core.evaluation.intervals import CONFIDENCE, Interval

Bounds = tuple[float, float]
RATE: Bounds = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Limits(ABC):
    """An estimate and how its limits follow from a level.

    Attributes:
        value: the estimate.
        method: how the limits are computed, for a caption.
        warning: why the limits may be unreliable; empty when nothing is known against them.
    """

    value: float
    method: str
    warning: str

    @abstractmethod
    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and upper limits, float64 [a], at the two-sided levels ``alpha`` [a], 0 to 1."""

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Return the interval at one confidence, 0 to 1; it always contains the estimate."""
        low, high = self.at(np.array([1 - confidence]))
        return Interval(
            self.value, min(float(low[0]), self.value), max(float(high[0]), self.value), self.method, self.warning
        )


@dataclass(frozen=True, eq=False)
class Unknown(Limits):
    """An estimate whose limits are its bounds, because no variance is known."""

    bounds: Bounds = RATE

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(alpha), self.bounds[0]), np.full(len(alpha), self.bounds[1])


@dataclass(frozen=True, eq=False)
class Agreeing(Limits):
    """An estimate that is the same in all of k independent units, so that no variance can be estimated.

    If a share q of all units gave this value, k of k units would do so with a probability of q^k. So q is at least
    (alpha / 2)^(1 / k), the limit of Clopper and Pearson (1934, Biometrika 26:404). The other units may lie anywhere
    between the bounds.
    """

    k: int = 0
    bounds: Bounds = RATE

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = (np.asarray(alpha) / 2) ** (1 / self.k) if self.k else np.zeros(len(alpha))
        low, high = self.bounds
        return share * self.value + (1 - share) * low, share * self.value + (1 - share) * high


@dataclass(frozen=True, eq=False)
class Proportion(Limits):
    """A proportion of n independent trials, with the exact limits of Clopper and Pearson (1934, Biometrika 26:404).

    The coverage of Wilson's interval falls to 88% where few trials of a rate near 1 fail; that of the exact interval
    never falls below its level.
    """

    successes: int = 0
    n: int = 0

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s, n, tail = self.successes, self.n, np.asarray(alpha) / 2
        low = np.zeros(len(tail)) if s == 0 else beta.ppf(tail, s, n - s + 1)
        high = np.ones(len(tail)) if s == n else beta.ppf(1 - tail, s + 1, n - s)
        return low, high


@dataclass(frozen=True, eq=False)
class Score(Limits):
    """Limits where the distance from the estimate is t times the standard error at the limit itself (Wilson 1927).

    Attributes:
        variance: variance of the estimate as a function of the true value, any shape; 0 at 0 and at 1.
        df: degrees of freedom of the t quantile; infinite for the normal quantile.
    """

    variance: Callable[[np.ndarray], np.ndarray]
    df: float = np.inf

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        squared = t.ppf(1 - np.asarray(alpha) / 2, self.df) ** 2
        inner = np.full((2, len(squared)), self.value)
        outer = np.repeat([[0.0], [1.0]], len(squared), axis=1)
        for _ in range(45):  # halves both brackets to 3e-14
            middle = (inner + outer) / 2
            within = (self.value - middle) ** 2 <= squared * self.variance(middle)
            inner, outer = np.where(within, middle, inner), np.where(within, outer, middle)
        return outer[0], outer[1]


@dataclass(frozen=True, eq=False)
class Widest(Limits):
    """The widest of several limits, where none has the nominal coverage alone."""

    ways: tuple[Limits, ...] = ()

    def at(self, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lows, highs = zip(*(way.at(alpha) for way in self.ways), strict=True)
        return np.minimum.reduce(lows), np.maximum.reduce(highs)
