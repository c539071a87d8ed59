"""Reweight rates to a stated prevalence of the class of interest.

Sensitivity and specificity are rates within one class, and do not depend on how often the class occurs. Positive and
negative predictive value, accuracy, F1 and net benefit do. With sensitivity s, specificity c and prevalence q:

    PPV = q s / (q s + (1 - q) (1 - c))          NPV = (1 - q) c / ((1 - q) c + q (1 - s))
    accuracy = q s + (1 - q) c                   F1 = 2 q s / (q s + q + (1 - q) (1 - c))

The same numbers result where each sample of the class counts q / (share in the sample), and each other one
(1 - q) / (1 - share) (`sample_weights`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from histo_core.errors import DataError
from histo_core.evaluation.counts import counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import BinaryMetrics
from histo_core.evaluation.validation import Groups, check_groups

_BOTH_CLASSES = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
"""Of the cells tp, fp, fn, tn those of each true class."""
_EDGE = 1e-12


def check_prevalence(prevalence: float) -> float:
    """Return the prevalence.

    Raises:
        DataError: it does not lie between 0 and 1.
    """
    if not 0 < prevalence < 1:
        raise DataError(
            f"prevalence = {prevalence:g}.",
            "Between 0 and 1 is allowed, without the two.",
            "Give the share of the class of interest where the model will be used, such as 0.1.",
        )
    return float(prevalence)


def class_weights(share: float, prevalence: float | None) -> tuple[float, float]:
    """Return how much a sample of the class of interest counts, and any other one.

    Args:
        share: of the class of interest among the samples, 0 to 1.
        prevalence: the stated one; None leaves all samples as they are.
    """
    if prevalence is None or not 0 < share < 1:
        return 1.0, 1.0
    return prevalence / share, (1 - prevalence) / (1 - share)


def sample_weights(positive: np.ndarray, prevalence: float | None) -> np.ndarray:
    """Return each sample's weight, float64 [n], of which the mean is 1.

    Args:
        positive: bool [n].
        prevalence: the stated one, 0 to 1; None weights all alike.
    """
    of_class, of_rest = class_weights(float(np.mean(positive)), prevalence)
    return np.where(positive, of_class, of_rest)


def ppv(s: np.ndarray, c: np.ndarray, q: float) -> np.ndarray:
    """Return the positive predictive value at a prevalence q; NaN where nothing is called positive."""
    return _ratio(q * s, q * s + (1 - q) * (1 - c))


def npv(s: np.ndarray, c: np.ndarray, q: float) -> np.ndarray:
    """Return the negative predictive value at a prevalence q; NaN where nothing is called negative."""
    return _ratio((1 - q) * c, (1 - q) * c + q * (1 - s))


def accuracy(s: np.ndarray, c: np.ndarray, q: float) -> np.ndarray:
    """Return the accuracy at a prevalence q."""
    return q * s + (1 - q) * c


def f1(s: np.ndarray, c: np.ndarray, q: float) -> np.ndarray:
    """Return F1 of the class of interest at a prevalence q."""
    return _ratio(2 * q * s, q * s + q + (1 - q) * (1 - c))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0)


REWEIGHTED: Mapping[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "accuracy": accuracy,
    "precision": ppv,
    "npv": npv,
    "f1": f1,
}
"""The fields of `BinaryMetrics` that depend on the prevalence, as functions of sensitivity, specificity and it."""


def at_prevalence(
    found: BinaryMetrics,
    y_true: np.ndarray,
    score: np.ndarray,
    prevalence: float | None,
    groups: Groups = None,
    confidence: float = CONFIDENCE,
) -> BinaryMetrics:
    """Return the rates at a stated prevalence; sensitivity, specificity and counts stay as they are.

    The limits are the wider of two on the logit scale: those of `counts_interval`, the jackknife by patient, and those
    put together from the limits of sensitivity and specificity as if the two were independent (MOVER; Zou and Donner
    2008, Stat. Med. 27:1693). The second holds where no false alarm was seen, the first where patients have both
    classes.

    Args:
        found: the rates as sampled.
        y_true: 0 or 1 [n].
        score: float [n]; at or above ``found.threshold`` a sample is called positive.
        prevalence: 0 to 1; None returns ``found``.
        groups: patient (else slide) ids [n].
        confidence: 0 to 1.

    Raises:
        DataError: a prevalence that does not lie between 0 and 1.
    """
    if prevalence is None:
        return found
    q = check_prevalence(prevalence)
    codes = check_groups(groups, len(y_true))
    positive, called = np.asarray(y_true, bool), score >= found.threshold
    cells = np.where(called, np.where(positive, 0, 1), np.where(positive, 2, 3))

    def interval(rate: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> Interval:
        def statistic(counts: np.ndarray) -> np.ndarray:
            tp, fp, fn, tn = np.moveaxis(counts, -1, 0)
            return rate(_ratio(tp, tp + fn), _ratio(tn, tn + fp), q)

        by_patient = counts_interval(
            cells, 4, statistic, codes, confidence=confidence, units=_BOTH_CLASSES, nothing=_missing(found)
        )
        if not by_patient.defined:
            return by_patient
        low, high = _together(rate, found.sensitivity, found.specificity, q)
        return Interval(
            by_patient.value,
            min(by_patient.low, low),
            max(by_patient.high, high),
            f"at a prevalence of {q:.4g}; the wider of MOVER and {by_patient.method}",
            by_patient.warning,
        )

    return replace(found, **{name: interval(rate) for name, rate in REWEIGHTED.items()})


def _missing(found: BinaryMetrics) -> str:
    missing = [one.method for one in (found.sensitivity, found.specificity) if not one.defined]
    return missing[0] if missing else "nothing is called so"


def _together(
    rate: Callable[[np.ndarray, np.ndarray, float], np.ndarray], s: Interval, c: Interval, q: float
) -> tuple[float, float]:
    """Return limits from those of sensitivity and specificity, each moved alone; all four rates rise with both."""

    def scaled(sensitivity: float, specificity: float) -> float:
        found = float(rate(np.array(sensitivity), np.array(specificity), q))
        return float(logit(np.clip(found, _EDGE, 1 - _EDGE)))

    centre = scaled(s.value, c.value)
    below = np.hypot(centre - scaled(s.low, c.value), centre - scaled(s.value, c.low))
    above = np.hypot(scaled(s.high, c.value) - centre, scaled(s.value, c.high) - centre)
    return float(expit(centre - below)), float(expit(centre + above))
