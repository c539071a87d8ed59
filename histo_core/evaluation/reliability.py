"""Compute CORP reliability diagrams: the share of the class of interest as a function of the probability.

The function is the best one that never falls (isotonic regression by the pool-adjacent-violators algorithm), so that
no bins are chosen. It splits the Brier score into miscalibration - discrimination + uncertainty (Dimitriadis, Gneiting
and Jordan 2021, PNAS 118:e2016191118).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression

from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.prevalence import class_weights
from histo_core.evaluation.validation import check_scores, check_truth

DRAWS = 200
GRID = 101
_SEED = 27_182


@dataclass(frozen=True, eq=False)
class Reliability:
    """The reliability of one model's probabilities of the class of interest.

    Attributes:
        probability: float64 [p], the distinct probabilities, ascending.
        samples: int64 [p], how many samples have each.
        observed: float64 [p], the recalibrated probability: the share of the class by isotonic regression.
        grid, low, high: float64 [g], where the curve of a calibrated model would lie, point by point.
        brier, miscalibration, discrimination, uncertainty: brier = miscalibration - discrimination + uncertainty.
        mean: mean probability, weighted to the prevalence.
        share: of the class of interest: the prevalence, stated or sampled.
    """

    probability: np.ndarray
    samples: np.ndarray
    observed: np.ndarray
    grid: np.ndarray
    low: np.ndarray
    high: np.ndarray
    brier: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    mean: float
    share: float


def reliability(
    y_true: ArrayLike,
    score: ArrayLike,
    *,
    prevalence: float | None = None,
    confidence: float = CONFIDENCE,
    draws: int = DRAWS,
) -> Reliability:
    """Return the CORP reliability diagram of one model.

    The consistency band has the curves of labels that are drawn with the probabilities themselves, as if the model were
    calibrated. Labels are drawn independently: those of one patient resemble each other, so that the curve of a
    calibrated model strays farther than the band says where patients have many patches.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: its probabilities [n], 0 to 1.
        prevalence: the stated share of the class, to which samples are reweighted; None takes it as sampled.
        confidence: of the band at each point, 0 to 1.
        draws: how many sets of labels the band is drawn from; 0 draws none, and the limits are NaN.

    Raises:
        DataError: labels other than 0 and 1, or scores that are not finite numbers.
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    values, block = np.unique(scores, return_inverse=True)
    samples = np.bincount(block)
    of_class, of_rest = class_weights(float(positive.mean()), prevalence)

    def fitted(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the isotonic curve and the weights, of so many positive samples at each probability."""
        weight = of_class * found + of_rest * (samples - found)
        return cast(np.ndarray, isotonic_regression(of_class * found / weight, weights=weight).x), weight

    found = np.bincount(block, positive)
    observed, weight = fitted(found)
    share = float(of_class * found.sum() / weight.sum())
    squared = of_class * found * (1 - values) ** 2 + of_rest * (samples - found) * values**2
    recalibrated = of_class * found * (1 - observed) ** 2 + of_rest * (samples - found) * observed**2
    brier, best = float(squared.sum() / weight.sum()), float(recalibrated.sum() / weight.sum())
    uncertainty = share * (1 - share)
    grid = np.linspace(float(values[0]), float(values[-1]), GRID)
    # Reweighted samples are calibrated where they have the class with this probability before they are weighted.
    drawn_with = values / of_class / (values / of_class + (1 - values) / of_rest)
    rng = np.random.default_rng(_SEED)
    drawn = [np.interp(grid, values, fitted(rng.binomial(samples, drawn_with).astype(float))[0]) for _ in range(draws)]
    curves = np.stack(drawn or [np.full(GRID, np.nan)])
    low, high = np.quantile(curves, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return Reliability(
        values, samples, observed, grid, low, high,
        brier, brier - best, uncertainty - best, uncertainty, float(values @ weight / weight.sum()), share,
    )  # fmt: skip
