"""Scores of one epoch: accuracy, AUROC, precision, recall and F1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from histo_core.evaluation.class_scores import class_scores


@dataclass(frozen=True)
class EpochScores:
    """Scores of n patches, each from 0 to 1; the predicted class is the most probable one.

    For two classes, precision, recall and F1 are those of the class of interest. For more they are macro averages:
    means over the classes that have a patch or are predicted for one; a class that is never predicted has precision 0.
    Accuracy, AUROC and weighted F1 are those of `histo_core.evaluation.class_scores`, as in experiments and in Compare:
    for more than two classes the AUROC is the macro average of one against the rest, over the classes that have a
    patch. None means not defined: precision if no patch is predicted positive, recall without a positive patch, F1 if
    both hold, AUROC if fewer than two classes have a patch.
    """

    accuracy: float
    auroc: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    weighted_f1: float


def epoch_scores(labels: np.ndarray, probabilities: np.ndarray, positive: int) -> EpochScores:
    """Score the predictions of an epoch.

    Args:
        labels: int [n], n at least 1.
        probabilities: float [n, k], rows summing to 1.
        positive: index of the class of interest; used for two classes only.
    """
    answers, binary = probabilities.argmax(axis=1), probabilities.shape[1] == 2
    undefined: Any = math.nan if binary else 0.0  # scikit-learn accepts it, although its type hint says text
    rates = precision_recall_fscore_support(
        labels == positive if binary else labels,
        answers == positive if binary else answers,
        average="binary" if binary else "macro",
        zero_division=undefined,
    )
    precision, recall, f1 = (None if math.isnan(rate) else float(rate) for rate in rates[:3])
    scores = class_scores(labels, probabilities, positive)
    return EpochScores(scores.accuracy, scores.auroc, precision, recall, f1, scores.weighted_f1)
