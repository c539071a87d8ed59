"""Make prediction sets that miss a class at most as often as asked, by split-conformal prediction by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.leave_out import mean_interval
from histo_core.evaluation.validation import Groups, check_groups


@dataclass(frozen=True, eq=False)
class SetCoverage:
    """How often prediction sets hold the true class.

    Attributes:
        overall: share of all samples whose set holds their class.
        by_class: the same of each class's samples; undefined for a class without samples.
        by_group: float64 [g], the same of each group's (patient's) samples, ascending; empty without groups.
        sizes: int64 [k + 1], how many sets hold 0, 1, ... classes.
    """

    overall: Interval
    by_class: tuple[Interval, ...]
    by_group: np.ndarray
    sizes: np.ndarray


def conformal_limits(y_true: np.ndarray, probabilities: np.ndarray, coverage: float) -> np.ndarray:
    """Return the least probability from which on each class is in a prediction set, float64 [k].

    Of a class's n calibration samples the ceil((n + 1) coverage)-th largest probability of that class is taken. A new
    sample of the class then has it in its set with at least this probability, if samples are exchangeable within the
    class (Vovk 2012, Conditional validity of inductive conformal predictors, ACML). Samples of one patient are not
    exchangeable with those of another, so that the promise holds over patients only on average. A class with too few
    samples for this coverage gets 0: it is in every set.

    Args:
        y_true: int64 [n], class indices 0 to k - 1, of calibration samples that neither trained the model nor are
            judged.
        probabilities: float64 [n, k].
        coverage: wanted share of sets that hold the true class, above 0 and below 1.
    """
    k = probabilities.shape[1]
    limits = np.zeros(k)
    for one in range(k):
        descending = np.sort(probabilities[y_true == one, one])[::-1]
        place = int(np.ceil((len(descending) + 1) * coverage - 1e-9))  # 0.9 x 10 is 9 and not 10
        if place <= len(descending):
            limits[one] = descending[place - 1]
    return limits


def prediction_sets(probabilities: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Return which classes each sample's set holds, bool [n, k]."""
    return probabilities >= limits


def set_coverage(
    y_true: np.ndarray, sets: np.ndarray, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> SetCoverage:
    """Return how often sets hold the true class: over all samples, by class, and by group.

    Args:
        y_true: int64 [n], class indices 0 to k - 1.
        sets: bool [n, k].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: of the intervals, 0 to 1.

    Raises:
        DataError: group ids that do not fit.
    """
    held = sets[np.arange(len(y_true)), y_true].astype(np.float64)
    codes = check_groups(groups, len(held))
    by_group = np.zeros(0) if codes is None else np.sort(np.bincount(codes, held) / np.bincount(codes))
    return SetCoverage(
        _share(held, codes, confidence),
        tuple(_of_class(y_true == one, held, codes, confidence) for one in range(sets.shape[1])),
        by_group,
        np.bincount(sets.sum(axis=1), minlength=sets.shape[1] + 1),
    )


def _of_class(mine: np.ndarray, held: np.ndarray, codes: np.ndarray | None, confidence: float) -> Interval:
    if not mine.any():
        return Interval.undefined("no sample of the class")
    return _share(held[mine], None if codes is None else np.unique(codes[mine], return_inverse=True)[1], confidence)


def _share(held: np.ndarray, codes: np.ndarray | None, confidence: float) -> Interval:
    return mean_interval(held, codes, bounds=(0.0, 1.0), confidence=confidence)
