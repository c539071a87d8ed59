"""Cohen's kappa in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from histo_core.errors import DataError
from histo_core.evaluation.counts import counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, limit_when_all_agree
from histo_core.evaluation.multiclass import square
from histo_core.evaluation.validation import Groups, check_groups

_WORDS = ((0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"), (1.0, "almost perfect"))
"""Landis and Koch (1977, Biometrics 33:159): each word with its upper end; below 0 is poor."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of two readers beyond chance.

    Attributes:
        value: kappa, -1 to 1; None where all answers are the same, for then chance agrees as well.
        low, high: its limits; None where one reader always answered the same, for then kappa is 0 whatever the other
            says.
        words: for a page, as in "substantial, 0.71".
    """

    value: float | None
    low: float | None
    high: float | None
    words: str


def kappa(a: Sequence[str], b: Sequence[str], groups: Groups = None, confidence: float = CONFIDENCE) -> Agreement:
    """Return Cohen's kappa (1960, Educ. Psychol. Meas. 20:37) of two readers with its interval.

    The interval is that of `counts_interval`: a jackknife that leaves out one patient after the other, or one patch
    where there are none. When both always agree nothing varies, and the lower end is kappa at the exact limit of the
    observed agreement.

    Args:
        a, b: the answers of both to the same n patches, class names [n].
        groups: patient (else slide) ids [n]; None takes patches as independent.
        confidence: 0 to 1.

    Raises:
        DataError: no answers, not as many of both, a missing one, or group ids that do not fit.
    """
    if len(a) != len(b) or not len(a):
        raise DataError(f"There are {len(a)} and {len(b)} answers.", "One of each reader a patch.", "Join them first.")
    codes, answers = pd.factorize(np.concatenate([np.asarray(a, object), np.asarray(b, object)]))
    if (codes < 0).any():
        raise DataError("An answer is missing.", "Both readers must have answered.", "Leave the patch out.")
    if len(answers) == 1:
        return Agreement(None, None, None, f"not defined: every answer is {answers[0]}")
    k, first, second = len(answers), codes[: len(a)], codes[len(a) :]
    cells, units = first * k + second, check_groups(groups, len(a))
    counts = np.bincount(cells, minlength=k * k).reshape(k, k)
    value = float(_kappa(counts.ravel().astype(np.float64)))
    words = f"{in_words(value)}, {value:.2f}"
    if np.trace(counts) == len(a):
        chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / len(a) ** 2
        independent = len(a) if units is None else int(units.max()) + 1
        low = (limit_when_all_agree(independent, confidence) - chance) / (1 - chance)
        return Agreement(1.0, low, 1.0, words)
    if min(np.count_nonzero(counts.sum(axis=axis)) for axis in (0, 1)) == 1:
        return Agreement(value, None, None, words)
    found = counts_interval(cells, k * k, _kappa, units, bounds=(-1.0, 1.0), confidence=confidence)
    return Agreement(value, found.low, found.high, words)


def _kappa(counts: np.ndarray) -> np.ndarray:
    """Kappa of counts [..., k * k]; NaN where chance agrees as well."""
    total = counts.sum(axis=-1)
    shares = square(counts / total[..., None])
    chance = (shares.sum(axis=-1) * shares.sum(axis=-2)).sum(axis=-1)
    beyond = np.trace(shares, axis1=-2, axis2=-1) - chance
    return np.divide(beyond, 1 - chance, out=np.full(total.shape, np.nan), where=chance < 1)


def in_words(value: float) -> str:
    """The word of Landis and Koch for a kappa."""
    if value < 0:
        return "poor"
    return next(word for end, word in _WORDS if round(value, 2) <= end)
