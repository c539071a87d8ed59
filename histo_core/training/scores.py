"""How good the answers of one epoch are: accuracy, AUROC, precision, recall and F1."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score


@dataclass(frozen=True)
class EpochScores:
    """Scores of n patches, each from 0 to 1; the answer is the most probable class.

    Of two classes, precision, recall and F1 are those of the positive class. Of more they are macro averages: means
    over the classes that have a patch or are the answer for one, of which a class that is never the answer has
    precision 0. None stands for what is not defined: a precision where no patch is called positive, a recall without
    a positive patch, an F1 where both are so, an AUROC where a class has no patch.
    """

    accuracy: float
    auroc: float | None
    precision: float | None
    recall: float | None
    f1: float | None


def epoch_scores(labels: np.ndarray, probabilities: np.ndarray, positive: int) -> EpochScores:
    """Score the answers of an epoch.

    Args:
        labels: int [n], n at least 1.
        probabilities: float [n, k], rows summing to 1.
        positive: index of the class of interest; used for two classes only.
    """
    answers, binary = probabilities.argmax(axis=1), probabilities.shape[1] == 2
    undefined: Any = math.nan if binary else 0.0  # which scikit-learn takes, though its type says text
    rates = precision_recall_fscore_support(
        labels == positive if binary else labels,
        answers == positive if binary else answers,
        average="binary" if binary else "macro",
        zero_division=undefined,
    )
    precision, recall, f1 = (None if math.isnan(rate) else float(rate) for rate in rates[:3])
    accuracy = float(np.mean(answers == labels))
    return EpochScores(accuracy, auroc(labels, probabilities, positive), precision, recall, f1)


def auroc(labels: np.ndarray, probabilities: np.ndarray, positive: int) -> float | None:
    """Area under the ROC curve: of the positive class for two classes, else the mean of one against the rest.

    Args:
        labels: int [n].
        probabilities: float [n, k], rows summing to 1.
        positive: index of the class of interest; used for two classes only.

    Returns:
        0 to 1, or None where a class has no sample and the area is not defined.
    """
    classes = probabilities.shape[1]
    if len(np.unique(labels)) < classes:
        return None
    if classes == 2:
        return float(roc_auc_score(labels == positive, probabilities[:, positive]))
    return float(roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"))
