"""Cohen's kappa in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.stats.inter_rater import cohens_kappa

from histo_core.errors import DataError
from histo_core.evaluation.intervals import CONFIDENCE, limit_when_all_agree

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


def kappa(a: Sequence[str], b: Sequence[str], confidence: float = CONFIDENCE) -> Agreement:
    """Cohen's kappa (1960, Educ. Psychol. Meas. 20:37) of two readers, with its large-sample interval.

    When both always agree that interval would be a point; its lower end is then kappa at the exact limit of the
    observed agreement.

    Args:
        a, b: the answers of both to the same n patches, class names [n].
        confidence: 0 to 1.

    Raises:
        DataError: no answers, not as many of both, or a missing one.
    """
    if len(a) != len(b) or not len(a):
        raise DataError(f"There are {len(a)} and {len(b)} answers.", "One of each reader a patch.", "Join them first.")
    codes, answers = pd.factorize(np.concatenate([np.asarray(a, object), np.asarray(b, object)]))
    if (codes < 0).any():
        raise DataError("An answer is missing.", "Both readers must have answered.", "Leave the patch out.")
    if len(answers) == 1:
        return Agreement(None, None, None, f"not defined: every answer is {answers[0]}")
    k, first, second = len(answers), codes[: len(a)], codes[len(a) :]
    counts = np.bincount(first * k + second, minlength=k * k).reshape(k, k)
    with np.errstate(invalid="ignore"):  # of its test, which is not used, when a reader always answers the same
        found = cohens_kappa(counts)
    value, variance = float(found["kappa"]), float(found["var_kappa"])
    words = f"{in_words(value)}, {value:.2f}"
    if np.trace(counts) == len(a):
        chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / len(a) ** 2
        low = (limit_when_all_agree(len(a), confidence) - chance) / (1 - chance)
        return Agreement(1.0, low, 1.0, words)
    if min(np.count_nonzero(counts.sum(axis=axis)) for axis in (0, 1)) == 1:
        return Agreement(value, None, None, words)
    half = float(norm.ppf((1 + confidence) / 2)) * variance**0.5
    return Agreement(value, max(-1.0, value - half), min(1.0, value + half), words)


def in_words(value: float) -> str:
    """The word of Landis and Koch for a kappa."""
    if value < 0:
        return "poor"
    return next(word for end, word in _WORDS if round(value, 2) <= end)
