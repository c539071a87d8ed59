"""Find likely label errors by confident learning, from probabilities of models that did not learn the patches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.errors import ComparisonError


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The predictions of all folds of one experiment: each sample's are from the fold that held it out.

    Attributes:
        name: displayed name of the experiment.
        sample_ids: str [n].
        y_true: int64 [n], index into ``classes``.
        probabilities: float64 [n, k].
        classes: class names.
    """

    name: str
    sample_ids: np.ndarray
    y_true: np.ndarray
    probabilities: np.ndarray
    classes: tuple[str, ...]


def need_out_of_fold(pool: OutOfFold | None) -> OutOfFold:
    """Return the predictions of all folds.

    Raises:
        ComparisonError: there are none.
    """
    if pool is None:
        raise ComparisonError(
            "These models are not the folds of one experiment.",
            "Likely label errors are told from out-of-fold probabilities alone: of every patch the probability that a "
            "model gives which did not learn it. A single test set has too few patches of its own to say what is "
            "usual for a class, and on a training set the models have learnt the very labels.",
            "Train folds on Train (Protocol: folds), and compare one of them here.",
        )
    return pool


def suspected_classes(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the class that each sample likely belongs to by confident learning, int64 [n]; -1 where the label holds.

    The threshold of a class is the mean probability that its own samples get. A sample is suspected when it reaches the
    threshold of another class, and of the classes whose threshold it reaches that one is the most probable. A class
    without a sample has no threshold, and nobody is suspected to belong to it.

    Args:
        y_true: labels, int64 [n].
        probabilities: out-of-sample probabilities, float64 [n, k].

    Paper:
        Northcutt, Jiang and Chuang (2021), "Confident learning: estimating uncertainty in dataset labels", JAIR
        70:1373, eq. 1 and 2.
    """
    n, k = probabilities.shape
    thresholds = np.array(
        [probabilities[y_true == one, one].mean() if (y_true == one).any() else np.inf for one in range(k)]
    )
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    best = reached.argmax(axis=1)
    suspected = (reached[np.arange(n), best] >= 0) & (best != y_true)
    return np.where(suspected, best, -1)
