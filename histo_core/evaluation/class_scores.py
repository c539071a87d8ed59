"""Compute the metrics of a k-class classifier that need no threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.errors import DataError
from histo_core.evaluation.delong import delong
from histo_core.evaluation.macro_auroc import macro_auroc
from histo_core.evaluation.metrics import confusion
from histo_core.evaluation.multiclass import mean_f1, mean_recall, weighted_f1

_SMALLEST = 1e-12
"""The smallest probability whose logarithm is taken."""


@dataclass(frozen=True)
class ClassScores:
    """Metrics of n samples; the predicted class of a sample is the one with the highest probability.

    Attributes:
        n: samples.
        accuracy: share of samples whose predicted class is the true one, 0 to 1.
        auroc: for two classes, the AUROC of the class of interest; for more, the macro average: the mean over the
            classes that occur, each against the rest. 0 to 1; None where fewer than two classes occur.
        balanced_accuracy: mean recall over the classes that occur, 0 to 1.
        macro_f1: mean F1 over the classes that occur or are predicted, 0 to 1.
        weighted_f1: mean F1 over the classes, weighted by their numbers of samples, 0 to 1.
        loss: mean cross entropy in nats.
    """

    n: int
    accuracy: float
    auroc: float | None
    balanced_accuracy: float
    macro_f1: float
    weighted_f1: float
    loss: float


METRICS = ("auroc", "accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "loss")
"""The names of the metrics, the most informative first."""


def class_scores(y_true: np.ndarray, probabilities: np.ndarray, positive: int) -> ClassScores:
    """Score probabilities against the truth.

    Args:
        y_true: int64 [n], class indices 0 to k - 1.
        probabilities: float64 [n, k], rows that sum to 1.
        positive: index of the class of interest.

    Raises:
        DataError: no sample, or an index that is no class.
    """
    if not len(y_true):
        raise DataError("There is no sample to score.", "At least one is needed.", "Choose a set that has labels.")
    k = probabilities.shape[1]
    matrix = confusion(y_true, probabilities.argmax(axis=1), k).astype(np.float64)
    return ClassScores(
        n=len(y_true),
        accuracy=float(np.trace(matrix) / len(y_true)),
        auroc=macro_auroc(y_true, probabilities) if k > 2 else _binary(y_true == positive, probabilities[:, positive]),
        balanced_accuracy=float(mean_recall(matrix)),
        macro_f1=float(mean_f1(matrix)),
        weighted_f1=float(weighted_f1(matrix)),
        loss=float(losses(y_true, probabilities).mean()),
    )


def _binary(positive: np.ndarray, score: np.ndarray) -> float | None:
    both = positive.any() and not positive.all()
    return float(delong(positive, score)[0][0]) if both else None


def losses(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the cross entropy of each sample in nats, float64 [n]."""
    return -np.log(np.clip(probabilities[np.arange(len(y_true)), y_true], _SMALLEST, 1))
