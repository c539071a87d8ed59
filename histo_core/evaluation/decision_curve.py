"""Compute decision curves: the net benefit of acting on a model, against acting on all patches and on none.

Net benefit = TP / n - FP / n x t / (1 - t) at the threshold probability t: at t, a false alarm costs t / (1 - t) of
what a found case is worth (Vickers and Elkin 2006, Med. Decis. Making 26:565). It needs calibrated probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.validation import check_scores, check_truth

THRESHOLDS = np.round(np.arange(0.01, 1.0, 0.01), 2)


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """The net benefit of one model, at each threshold probability.

    Attributes:
        thresholds: float64 [t], between 0 and 1.
        net_benefit, treat_all: float64 [t], of the model, and of calling every sample positive; calling none has 0.
        avoided: float64 [t], false alarms avoided in 100 samples against calling every one positive, at the same number
            of found cases.
        prevalence: stated, or the share in the sample.
    """

    thresholds: np.ndarray
    net_benefit: np.ndarray
    treat_all: np.ndarray
    avoided: np.ndarray
    prevalence: float


def decision_curve(
    y_true: ArrayLike,
    score: ArrayLike,
    thresholds: ArrayLike = THRESHOLDS,
    *,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Return the decision curve of one model; a sample is called positive where its probability is at or above t.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        score: its probabilities [n], 0 to 1.
        thresholds: float [t], each between 0 and 1.
        prevalence: the stated share of the class, 0 to 1; None takes that of the samples.

    Raises:
        DataError: labels other than 0 and 1, or scores that are not finite numbers.

    Example:
        >>> found = decision_curve([0, 1, 0, 1], [0.1, 0.8, 0.3, 0.6], [0.2])
        >>> found.net_benefit.round(4).tolist(), found.treat_all.round(4).tolist()
        ([0.4375], [0.375])
    """
    positive = check_truth(y_true)
    scores = check_scores(score, len(positive))[0].astype(np.float64)
    t = np.asarray(thresholds, np.float64)
    q = float(positive.mean()) if prevalence is None else prevalence
    odds = t / (1 - t)
    gained = q * _at_or_above(scores[positive], t) - (1 - q) * _at_or_above(scores[~positive], t) * odds
    treat_all = q - (1 - q) * odds
    return DecisionCurve(t, gained, treat_all, 100 * (gained - treat_all) / odds, q)


def _at_or_above(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the share of scores at or above each threshold; 0 where there is no score."""
    if not len(scores):
        return np.zeros(len(thresholds))
    return 1 - np.searchsorted(np.sort(scores), thresholds, side="left") / len(scores)
