"""Compute mean, standard deviation and t interval of repeated runs; each interval says what it is about."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t

from histo_core.errors import DataError
from histo_core.evaluation.intervals import CONFIDENCE, Interval


def mean_over_seeds(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of runs that differ only in their seed, with Student's t interval.

    The interval describes chance in training: where the mean of very many such runs on the same patients would lie. It
    says nothing about other patients.

    Args:
        values: one a run, [n].
        confidence: 0 to 1.

    Returns:
        The interval; undefined where all values are the same, as when all patches are classified correctly.

    Raises:
        DataError: fewer than two values, or one that is not a finite number.
    """
    return _t_interval(values, 1 / max(len(values), 1), confidence, "t interval over seeds")


def mean_over_splits(values: Sequence[float], train: float, test: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of runs on new splits of the same data, with the corrected resampled t interval.

    The training sets of the splits overlap, so that the values are not independent and the plain t interval is too
    narrow: over 1,000 splits it would shrink to nothing. Nadeau and Bengio (2003, Mach. Learn. 52:239, equation 9)
    take the variance of the mean as (1 / n + n_test / n_train) s^2, with n - 1 degrees of freedom. Bouckaert and Frank
    (2004, PAKDD, LNCS 3056:3) do the same for repeated k-fold cross-validation. The interval describes the performance
    of a network trained on as much data, on other patients from the same source.

    Args:
        values: one a run, [n].
        train, test: sizes of a run's training and test set; only their ratio matters.
        confidence: 0 to 1.

    Returns:
        The interval; undefined where all values are the same.

    Raises:
        DataError: fewer than two values, one that is not a finite number, or an empty training or test set.

    Example:
        >>> str(mean_over_splits([0.80, 0.90], train=800, test=200))
        '0.850 (0.072 to 1.628)'
    """
    if train <= 0 or test <= 0:
        raise DataError(
            f"train = {train} and test = {test}.", "Both must be above 0.", "Give the numbers of samples in both parts."
        )
    factor = 1 / max(len(values), 1) + test / train
    return _t_interval(values, factor, confidence, "corrected resampled t interval (Nadeau and Bengio 2003)")


def spread(values: Sequence[float]) -> float:
    """Return the sample standard deviation (n - 1); NaN for fewer than two values."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _t_interval(values: Sequence[float], factor: float, confidence: float, method: str) -> Interval:
    numbers = np.asarray(values, np.float64)
    if numbers.ndim != 1 or len(numbers) < 2 or not np.isfinite(numbers).all():
        raise DataError(
            f"values = {list(values)}.", "Two finite numbers or more are expected.", "Wait until two runs have ended."
        )
    if not np.ptp(numbers):
        return Interval.undefined("the runs do not vary, so that nothing can be said of others")
    mean = float(numbers.mean())
    half = float(t.ppf((1 + confidence) / 2, len(numbers) - 1)) * spread(values) * math.sqrt(factor)
    return Interval(mean, mean - half, mean + half, method)
