"""How often the most probable class is the true one, with any number of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation import bootstrap
from histo_core.evaluation.inputs import Groups, check_groups
from histo_core.evaluation.intervals import CONFIDENCE, Interval, limit_when_all_agree, wilson


@dataclass(frozen=True)
class ClassRates:
    """Rates of n samples, each from 0 to 1.

    Attributes:
        n: how many samples.
        accuracy: share of samples whose class was found.
        balanced_accuracy: mean over the classes of the share of each class that was found (its recall); classes
            without samples do not count.
    """

    n: int
    accuracy: Interval
    balanced_accuracy: Interval


def class_rates(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    n_classes: int,
    groups: Groups = None,
    *,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> ClassRates:
    """Accuracy and balanced accuracy with intervals.

    With groups, whole groups are drawn again (cluster bootstrap). Without, accuracy has Wilson's interval, and that of
    balanced accuracy is put together from Wilson's of each recall: each limit lies as far from the mean as the root of
    the summed squares of the recalls' own distances (MOVER; Zou and Donner 2008, Statistics in Medicine 27:1693).

    Args:
        y_true, y_pred: class indices 0 to k - 1 [n].
        n_classes: k.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        confidence: 0 to 1.
        seed: of the bootstrap.

    Raises:
        DataError: no samples, other lengths, an index that is no class, or group ids that do not fit.
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
    right = true == predicted
    found, all_of = (np.bincount(true, weights=weights, minlength=n_classes) for weights in (right, np.ones(len(true))))
    if codes is None:
        accuracy = wilson(int(right.sum()), len(true), confidence)
        return ClassRates(len(true), accuracy, _mover(found, all_of, confidence))
    n_groups = int(codes.max()) + 1
    cell = codes * n_classes + true
    shape = n_groups, n_classes
    by_group = [
        np.bincount(cell, weights=weights, minlength=n_groups * n_classes).reshape(shape)
        for weights in (right, np.ones(len(true)))
    ]
    drawn = bootstrap.draw_groups(n_groups, seed=seed)
    found_again, all_again = (drawn @ counts for counts in by_group)
    accuracy = resampled_rate(right.mean(), found_again.sum(axis=1) / all_again.sum(axis=1), n_groups, confidence)
    recalls = np.divide(found_again, all_again, out=np.full(all_again.shape, np.nan), where=all_again > 0)
    # A replicate that drew no sample of a class would count the other classes alone.
    complete = (all_again[:, all_of > 0] > 0).all(axis=1)
    means = np.where(complete, np.nanmean(recalls, axis=1), np.nan)
    return ClassRates(len(true), accuracy, resampled_rate(_mean_recall(found, all_of), means, n_groups, confidence))


def _mean_recall(found: np.ndarray, all_of: np.ndarray) -> float:
    there = all_of > 0
    return float((found[there] / all_of[there]).mean())


def _mover(found: np.ndarray, all_of: np.ndarray, confidence: float) -> Interval:
    recalls = [wilson(int(one), int(n), confidence) for one, n in zip(found, all_of, strict=True) if n]
    value, k = _mean_recall(found, all_of), len(recalls)
    below = np.sqrt(sum((recall.value - recall.low) ** 2 for recall in recalls)) / k
    above = np.sqrt(sum((recall.high - recall.value) ** 2 for recall in recalls)) / k
    return Interval(value, float(max(0.0, value - below)), float(min(1.0, value + above)), "MOVER of Wilson's")


def resampled_rate(value: float, replicates: np.ndarray, n: int, confidence: float, *, unit: str = "group") -> Interval:
    """A rate with the percentile interval of its replicates; where they cannot vary, with limits that do not need them.

    Args:
        value: of all samples, 0 to 1.
        replicates: [draws]; NaN where it is not defined.
        n: how many groups, or patches where there are none, were drawn from.
        confidence: 0 to 1.
        unit: what they are.
    """
    warning = bootstrap.warning_text(n)
    if n == 1 or np.isnan(replicates).all():
        return Interval(float(value), 0.0, 1.0, f"one {unit}: no interval can be estimated", warning)
    units = "groups" if unit == "group" else "patches"
    if value in (0.0, 1.0):  # it does not vary between replicates
        limit = limit_when_all_agree(n, confidence)
        low, high = (limit, 1.0) if value else (0.0, 1 - limit)
        return Interval(float(value), low, high, f"exact limit of {n:,} {units}", warning)
    if np.allclose(replicates[~np.isnan(replicates)], value):  # as when all are called the same
        return Interval(float(value), 0.0, 1.0, f"the {units} agree: no interval can be estimated", warning)
    method = bootstrap.method_text(n, replicates, units)
    return Interval(float(value), *bootstrap.percentiles(replicates, confidence), method, warning)
