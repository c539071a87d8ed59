"""Compute the classification report: precision, recall and F1 of each class, their averages, each with an interval.

The values equal those of scikit-learn's ``classification_report`` over the classes that occur or are predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.evaluation.class_support import ClassSupport, class_support
from histo_core.evaluation.counts import Statistic, counts_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import binary_metrics
from histo_core.evaluation.multiclass import class_rates, rows, square
from histo_core.evaluation.validation import Groups, check_groups

MEASURES = ("precision", "recall", "f1")
AVERAGES = ("micro average", "macro average", "weighted average")
_PRECISION, _RECALL, _F1 = range(3)


@dataclass(frozen=True)
class ReportRow:
    """The row of one class, or of one average over the classes.

    Attributes:
        name: name of the class or the average.
        precision, recall, f1: 0 to 1. As in scikit-learn, precision is 0 where the class is never predicted, and recall
            is 0 where no sample has it; the interval is then 0 to 1 and says why. Undefined where both hold.
        support: samples and groups of the class; of all classes for an average.
    """

    name: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: ClassSupport


@dataclass(frozen=True)
class ClassReport:
    """The classification report of one model.

    Attributes:
        classes: rows in the order of the class names; undefined where a class neither occurs nor is predicted.
        averages: rows in the order of `AVERAGES`. The micro average counts all samples alike, so its three numbers
            equal the accuracy; macro is the mean over the classes; weighted is the mean weighted by support.
    """

    classes: tuple[ReportRow, ...]
    averages: tuple[ReportRow, ...]

    @property
    def rows(self) -> tuple[ReportRow, ...]:
        """Return the classes, then the averages."""
        return (*self.classes, *self.averages)


def class_report(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    names: Sequence[str],
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
) -> ClassReport:
    """Return precision, recall and F1 of each class with intervals.

    A class has the intervals of `binary_metrics`, one class against the rest. The micro average and the weighted recall
    equal the accuracy. The macro recall equals the balanced accuracy where each predicted class occurs. These have the
    intervals of `class_rates`; other averages have those of `counts_interval`, where each class needs two groups.

    Args:
        y_true, y_pred: class indices 0 to k - 1 [n].
        names: names of the k classes.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: no sample, unequal lengths, an index that is no class, or group ids that do not fit.
    """
    true, predicted, k = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64), len(names)
    rates = class_rates(true, predicted, k, groups, confidence=confidence)
    codes = check_groups(groups, len(true))
    classes = tuple(
        _class(support, true == i, predicted == i, groups, confidence)
        for i, support in enumerate(class_support(true, names, groups))
    )
    everyone = ClassSupport("all classes", len(true), None if codes is None else int(codes.max()) + 1)

    def mean(statistic: Statistic) -> Interval:
        cells = true * k + predicted
        return counts_interval(cells, k * k, statistic, codes, confidence=confidence, units=rows(k))

    only_what_occurs = set(predicted.tolist()) <= set(true.tolist())
    micro = ReportRow(AVERAGES[0], rates.accuracy, rates.accuracy, rates.accuracy, everyone)
    macro = ReportRow(
        AVERAGES[1],
        mean(_macro(_PRECISION)),
        rates.balanced_accuracy if only_what_occurs else mean(_macro(_RECALL)),
        mean(_macro(_F1)),
        everyone,
    )
    weighted = ReportRow(AVERAGES[2], mean(_weighted(_PRECISION)), rates.accuracy, mean(_weighted(_F1)), everyone)
    return ClassReport(classes, (micro, macro, weighted))


def _class(
    support: ClassSupport, occurs: np.ndarray, called: np.ndarray, groups: Groups, confidence: float
) -> ReportRow:
    found = binary_metrics(occurs, called.astype(np.float64), 0.5, groups, confidence)
    precision, recall = found.precision, found.sensitivity
    if occurs.any() and not called.any():
        precision = _unknown("nothing is called this class")
    if called.any() and not occurs.any():
        recall = _unknown("no sample is of this class")
    return ReportRow(support.name, precision, recall, found.f1, support)


def _unknown(reason: str) -> Interval:
    return Interval(0.0, 0.0, 1.0, f"{reason}: counted as 0, no interval can be estimated")


def _macro(measure: int) -> Statistic:
    """Return the mean over the classes that occur or are predicted; undefined values count as 0."""

    def mean(counts: np.ndarray) -> np.ndarray:
        value, _, there = _measures(counts, measure)
        return _divided(value.sum(axis=-1), there.sum(axis=-1))

    return mean


def _weighted(measure: int) -> Statistic:
    """Return the mean over the classes, weighted by their samples; undefined values count as 0."""

    def mean(counts: np.ndarray) -> np.ndarray:
        value, true, _ = _measures(counts, measure)
        return _divided((value * true).sum(axis=-1), true.sum(axis=-1))

    return mean


def _measures(counts: np.ndarray, measure: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each class: the measure (0 where undefined), the samples, and whether it is in use. [..., k] each.

    A class is in use where it occurs or is predicted.

    Args:
        counts: float64 [..., k * k].
        measure: `_PRECISION`, `_RECALL` or `_F1`.
    """
    matrices = square(counts)
    hits, called, true = np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(axis=-2), matrices.sum(axis=-1)
    value = np.nan_to_num(_divided(hits, (called, true, (called + true) / 2)[measure]))
    return value, true, called + true > 0


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0)
