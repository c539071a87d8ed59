"""The classification report: precision, recall and F1 of each class, their averages, and an interval of each.

The values are those of scikit-learn's ``classification_report`` over the classes that occur or are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.class_support import ClassSupport, class_support
from histo_core.evaluation.counts import counts_interval
from histo_core.evaluation.inputs import Groups, check_groups
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.metrics import confusion

MEASURES = ("precision", "recall", "f1")
AVERAGES = ("micro average", "macro average", "weighted average")
_ABSENT = "the class neither occurs nor is called"


@dataclass(frozen=True)
class ReportRow:
    """One class, or one average over the classes.

    Attributes:
        name: of the class or the average.
        precision, recall, f1: 0 to 1. Precision is 0 where nothing is called this class, recall where no sample is of
            it (as scikit-learn does); its interval is then 0 to 1 and says why. Undefined where both hold.
        support: samples and groups of the class; of all classes for an average.
    """

    name: str
    precision: Interval
    recall: Interval
    f1: Interval
    support: ClassSupport


@dataclass(frozen=True)
class ClassReport:
    """The report of one model.

    Attributes:
        classes: in the order of the class names; undefined where a class neither occurs nor is called.
        averages: in the order of `AVERAGES`. Micro counts all samples alike, which makes all three of its numbers the
            accuracy; macro is the mean over the classes; weighted is the mean weighed by support.
    """

    classes: tuple[ReportRow, ...]
    averages: tuple[ReportRow, ...]

    @property
    def rows(self) -> tuple[ReportRow, ...]:
        """Classes, then averages."""
        return (*self.classes, *self.averages)


def class_report(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    names: Sequence[str],
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
) -> ClassReport:
    """Report precision, recall and F1 of each class with intervals from `counts_interval`.

    Args:
        y_true, y_pred: class indices 0 to k - 1 [n].
        names: of the k classes.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: no sample, other lengths, an index that is no class, or group ids that do not fit.
    """
    true, predicted = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
    k = len(names)
    counts = confusion(true, predicted, k)
    if not len(true):
        raise DataError("There is no sample to report on.", "At least one is needed.", "Choose a part with labels.")
    codes = check_groups(groups, len(true))
    whole = counts.reshape(-1).astype(np.float64)

    def found(statistic: Callable[[np.ndarray], np.ndarray], nothing: str) -> Interval:
        if np.isnan(statistic(whole)):
            return Interval.undefined(nothing)
        return counts_interval(true * k + predicted, k * k, statistic, codes, confidence=confidence)

    classes = []
    for i, support in enumerate(class_support(true, names, groups)):
        occurs, called = counts[i].any(), counts[:, i].any()
        precision, recall, f1 = (found(_of_class(measure, i, k), _ABSENT) for measure in range(3))
        if occurs and not called:
            precision = _unknown("nothing is called this class")
        if called and not occurs:
            recall = _unknown("no sample is of this class")
        classes.append(ReportRow(support.name, precision, recall, f1, support))
    everyone = ClassSupport("all classes", len(true), None if codes is None else int(codes.max()) + 1)
    averages = []
    for name in AVERAGES[1:]:
        precision, recall, f1 = (found(_average(name, measure, k), "no sample") for measure in range(3))
        averages.append(ReportRow(name, precision, recall, f1, everyone))
    accuracy = found(_accuracy(k), "no sample")
    micro = ReportRow(AVERAGES[0], accuracy, accuracy, accuracy, everyone)
    return ClassReport(tuple(classes), (micro, *averages))


def _unknown(reason: str) -> Interval:
    return Interval(0.0, 0.0, 1.0, f"{reason}: counted as 0, no interval can be estimated")


def _parts(counts: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, and samples called and true of each class, float64 [..., k] each, from counts [..., k * k]."""
    table = counts.reshape(*counts.shape[:-1], k, k)
    return np.diagonal(table, axis1=-2, axis2=-1), table.sum(axis=-2), table.sum(axis=-1)


def _measures(counts: np.ndarray, k: int, measure: int) -> np.ndarray:
    """Precision (0), recall (1) or F1 (2) of each class, [..., k]; NaN where its denominator is 0."""
    hits, called, true = _parts(counts, k)
    return _divided(hits, (called, true, (called + true) / 2)[measure])


def _of_class(measure: int, i: int, k: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda counts: _measures(counts, k, measure)[..., i]


def _average(name: str, measure: int, k: int) -> Callable[[np.ndarray], np.ndarray]:
    """A mean in which what is not defined counts as 0; classes that neither occur nor are called do not count."""

    def macro(counts: np.ndarray) -> np.ndarray:
        _, called, true = _parts(counts, k)
        return _divided(np.nan_to_num(_measures(counts, k, measure)).sum(axis=-1), (called + true > 0).sum(axis=-1))

    def weighted(counts: np.ndarray) -> np.ndarray:
        true = _parts(counts, k)[2]
        return _divided((np.nan_to_num(_measures(counts, k, measure)) * true).sum(axis=-1), true.sum(axis=-1))

    return macro if name == "macro average" else weighted


def _accuracy(k: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda counts: _divided(_parts(counts, k)[0].sum(axis=-1), counts.sum(axis=-1))


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=np.asarray(below) > 0)
