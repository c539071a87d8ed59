"""Balance classes in training: by weights in the loss, by random sampling, or by repeating samples."""

from __future__ import annotations

import numpy as np


def class_weights(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Compute class weights for the loss: n / (k n_c), so that all classes have the same total weight.

    King and Zeng, Logistic regression in rare events data, Political Analysis 2001; scikit-learn's "balanced".

    Args:
        labels: int [n], of the training samples only.
        n_classes: number of classes; k is the number of those that occur.

    Returns:
        float32 [n_classes]; 0 for a class that does not occur in the training samples.
    """
    counts = np.bincount(labels, minlength=n_classes)
    weights = np.zeros(n_classes, np.float32)
    weights[counts > 0] = len(labels) / (np.count_nonzero(counts) * counts[counts > 0])
    return weights


def balanced_order(rows: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw n rows with replacement; every class has the same chance in each draw.

    Args:
        rows: int64 [n].
        labels: int [n], of these rows.
        random: generator of the draws.

    Returns:
        int64 [n].
    """
    chances = class_weights(labels, int(labels.max()) + 1)[labels].astype(np.float64)
    return random.choice(rows, len(rows), p=chances / chances.sum())


def enlarged_rows(rows: np.ndarray, labels: np.ndarray, to: int, random: np.random.Generator) -> np.ndarray:
    """Repeat rows of small classes until each class has ``to`` rows.

    All rows of a small class are repeated equally often; the remainder is drawn at random. A class that is large enough
    stays as it is: no row is dropped.

    Args:
        rows: int64 [n].
        labels: int [n], of these rows.
        to: minimum number of samples of each class.
        random: generator that draws the remainder.

    Returns:
        int64 [m], m >= n, class after class.
    """
    enlarged = []
    for label in np.unique(labels):
        members = rows[labels == label]
        whole, rest = divmod(max(to, len(members)), len(members))
        enlarged += [np.tile(members, whole), random.permutation(members)[:rest]]
    return np.concatenate(enlarged)


def sampling_keys(order: np.ndarray) -> np.ndarray:
    """Return the key from which each position of an epoch's order draws its augmentation.

    The key of a row's first occurrence is the row itself, as in an epoch without repeats. Each further occurrence has
    its own key, so that no two copies get the same changes.

    Args:
        order: int64 [n], rows below 2^32.

    Returns:
        int64 [n], all distinct.
    """
    by_row = np.argsort(order, kind="stable")
    ordered = order[by_row]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    before = np.empty_like(order)
    before[by_row] = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return order + (before << 32)
