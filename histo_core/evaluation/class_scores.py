"""How well a classifier of k classes did, in five numbers without a threshold of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.errors import DataError
from histo_core.evaluation.delong import delong
from histo_core.evaluation.metrics import confusion

_SMALLEST = 1e-12
"""Of a probability, where its logarithm is taken."""


@dataclass(frozen=True)
class ClassScores:
    """Numbers from n samples; each sample is called the class of its highest probability.

    Attributes:
        n: samples.
        accuracy: share that is called rightly, 0 to 1.
        auroc: of the class of interest against the rest, 0 to 1; None where a class is missing.
        balanced_accuracy: mean over the classes that occur of the share that is called rightly, 0 to 1.
        macro_f1: mean F1 over the classes that occur or are called, 0 to 1.
        loss: mean cross entropy in nats.
    """

    n: int
    accuracy: float
    auroc: float | None
    balanced_accuracy: float
    macro_f1: float
    loss: float


METRICS = ("auroc", "accuracy", "balanced_accuracy", "macro_f1", "loss")
"""The names of the numbers, the most telling first."""


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
        raise DataError("There is no sample to score.", "At least one is needed.", "Choose a part that has labels.")
    counts = confusion(y_true, probabilities.argmax(axis=1), probabilities.shape[1])
    of_interest = y_true == positive
    both = of_interest.any() and not of_interest.all()
    accuracy, balanced_accuracy, macro_f1 = rates(counts[None].astype(np.float64))[0]
    return ClassScores(
        n=len(y_true),
        accuracy=float(accuracy),
        auroc=float(delong(of_interest, probabilities[:, positive])[0][0]) if both else None,
        balanced_accuracy=float(balanced_accuracy),
        macro_f1=float(macro_f1),
        loss=float(losses(y_true, probabilities).mean()),
    )


def rates(counts: np.ndarray) -> np.ndarray:
    """Accuracy, balanced accuracy and macro F1 of confusion matrices.

    Args:
        counts: float64 [m, k, k], rows the true class, columns the one called.

    Returns:
        float64 [m, 3].
    """
    hits = np.diagonal(counts, axis1=1, axis2=2)
    true, called = counts.sum(axis=2), counts.sum(axis=1)
    recall = np.divide(hits, true, out=np.full_like(hits, np.nan), where=true > 0)
    f1 = np.divide(2 * hits, true + called, out=np.full_like(hits, np.nan), where=true + called > 0)
    return np.stack([hits.sum(axis=1) / true.sum(axis=1), np.nanmean(recall, axis=1), np.nanmean(f1, axis=1)], axis=1)


def losses(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Cross entropy of each sample in nats, float64 [n]."""
    return -np.log(np.clip(probabilities[np.arange(len(y_true)), y_true], _SMALLEST, 1))
