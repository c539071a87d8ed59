"""Compute accuracy, balanced accuracy and F1 of the most probable class, for any number of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.counts import counts_interval, ratio_interval
from histo_core.evaluation.intervals import CONFIDENCE, Interval
from histo_core.evaluation.validation import Groups, check_groups


@dataclass(frozen=True)
class ClassRates:
    """Rates of n samples, each from 0 to 1.

    Attributes:
        n: how many samples.
        accuracy: share of samples whose predicted class is the true one.
        balanced_accuracy: mean recall over the classes; classes without samples do not count.
    """

    n: int
    accuracy: Interval
    balanced_accuracy: Interval


def class_rates(
    y_true: ArrayLike, y_pred: ArrayLike, n_classes: int, groups: Groups = None, *, confidence: float = CONFIDENCE
) -> ClassRates:
    """Return accuracy and balanced accuracy with their intervals.

    Accuracy has the interval of `ratio_interval`. With groups, balanced accuracy has that of `counts_interval`, where
    each class needs two groups. Without groups, its interval is combined from the exact interval of each recall: the
    distance of a limit from the mean is the root of the summed squares of the recalls' own distances (MOVER; Zou and
    Donner 2008, Statistics in Medicine 27:1693).

    Args:
        y_true, y_pred: class indices 0 to k - 1 [n].
        n_classes: k.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.

    Raises:
        DataError: no samples, unequal lengths, an index that is no class, or group ids that do not fit.
    """
    true, predicted = np.asarray(y_true, np.int64), np.asarray(y_pred, np.int64)
    if true.shape != predicted.shape or true.ndim != 1 or not len(true):
        raise DataError(
            f"y_true has shape {true.shape} and y_pred {predicted.shape}.",
            "One value a sample each, and at least one sample.",
            "Join them.",
        )
    if min(true.min(), predicted.min()) < 0 or max(true.max(), predicted.max()) >= n_classes:
        raise DataError(
            f"A class index lies outside 0 to {n_classes - 1}.",
            f"There are {n_classes} classes.",
            "Leave unlabelled samples out.",
        )
    codes = check_groups(groups, len(true))
    accuracy = ratio_interval(true == predicted, np.ones(len(true), bool), codes, confidence=confidence)
    if codes is None:
        return ClassRates(len(true), accuracy, _mover(true, predicted, n_classes, confidence))
    balanced = counts_interval(
        true * n_classes + predicted,
        n_classes**2,
        lambda counts: mean_recall(square(counts)),
        codes,
        confidence=confidence,
        units=rows(n_classes),
    )
    return ClassRates(len(true), accuracy, balanced)


def square(counts: np.ndarray) -> np.ndarray:
    """Reshape counts of cells, [..., k * k], to confusion matrices, [..., k, k]."""
    k = int(np.sqrt(counts.shape[-1]))
    return counts.reshape(*counts.shape[:-1], k, k)


def rows(n_classes: int) -> np.ndarray:
    """Return which cells of a confusion matrix belong to each true class, 0 or 1 [k, k * k]."""
    return np.kron(np.eye(n_classes), np.ones(n_classes))


def mean_recall(matrices: np.ndarray) -> np.ndarray:
    """Return balanced accuracy: the mean recall of the classes that have samples.

    Args:
        matrices: float64 [..., k, k]; rows are the true class.
    """
    hits, true = np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(axis=-1)
    return _mean_where(hits, true)


def mean_f1(matrices: np.ndarray) -> np.ndarray:
    """Return macro F1: the mean F1 of the classes that have samples or are predicted.

    Args:
        matrices: float64 [..., k, k]; rows are the true class, columns the predicted one.
    """
    hits = np.diagonal(matrices, axis1=-2, axis2=-1)
    return _mean_where(2 * hits, matrices.sum(axis=-1) + matrices.sum(axis=-2))


def weighted_f1(matrices: np.ndarray) -> np.ndarray:
    """Return weighted F1: the mean F1 of the classes, weighted by their numbers of samples.

    Args:
        matrices: float64 [..., k, k]; rows are the true class, columns the predicted one.
    """
    hits, true = np.diagonal(matrices, axis1=-2, axis2=-1), matrices.sum(axis=-1)
    of: np.ndarray = true + matrices.sum(axis=-2)
    f1 = np.divide(2 * hits, of, out=np.zeros(of.shape), where=of > 0)
    total: np.ndarray = true.sum(axis=-1)
    return np.divide((f1 * true).sum(axis=-1), total, out=np.full(total.shape, np.nan), where=total > 0)


def _mean_where(parts: np.ndarray, of: np.ndarray) -> np.ndarray:
    shares = np.divide(parts, of, out=np.zeros(of.shape), where=of > 0)
    there: np.ndarray = (of > 0).sum(axis=-1)
    return np.divide(shares.sum(axis=-1), there, out=np.full(there.shape, np.nan), where=there > 0)


def _mover(true: np.ndarray, predicted: np.ndarray, n_classes: int, confidence: float) -> Interval:
    recalls = [
        ratio_interval((true == index) & (predicted == index), true == index, confidence=confidence)
        for index in range(n_classes)
        if (true == index).any()
    ]
    value, k = float(np.mean([recall.value for recall in recalls])), len(recalls)
    below = np.sqrt(sum((recall.value - recall.low) ** 2 for recall in recalls)) / k
    above = np.sqrt(sum((recall.high - recall.value) ** 2 for recall in recalls)) / k
    return Interval(
        value, float(max(0.0, value - below)), float(min(1.0, value + above)), "MOVER of exact limits of each recall"
    )
