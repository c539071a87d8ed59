"""Rare classes made to count as much as frequent ones: by weight, by drawing, or by repeating their samples."""

from __future__ import annotations

import numpy as np


def class_weights(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Weights of the classes in the loss: n / (k n_c), so that each class weighs the same in all.

    King and Zeng, Logistic regression in rare events data, Political Analysis 2001; scikit-learn's "balanced".

    Args:
        labels: int [n], of the training samples alone.
        n_classes: how many there are; k counts those that occur.

    Returns:
        float32 [n_classes]; 0 for a class that does not occur, and which no training sample asks for.
    """
    counts = np.bincount(labels, minlength=n_classes)
    weights = np.zeros(n_classes, np.float32)
    weights[counts > 0] = len(labels) / (np.count_nonzero(counts) * counts[counts > 0])
    return weights


def balanced_order(rows: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As many rows as there are, drawn with replacement; each draw gives each class the same chance.

    Args:
        rows: int64 [n].
        labels: int [n], of these rows.
        random: where draws come from.

    Returns:
        int64 [n].
    """
    chances = class_weights(labels, int(labels.max()) + 1)[labels].astype(np.float64)
    return random.choice(rows, len(rows), p=chances / chances.sum())


def enlarged_rows(rows: np.ndarray, labels: np.ndarray, to: int, random: np.random.Generator) -> np.ndarray:
    """The rows with those of small classes repeated, until each class has ``to``.

    Every row of a small class comes equally often, or once more; which ones do is drawn. A class that has as many
    already stays as it is: nothing is thrown away.

    Args:
        rows: int64 [n].
        labels: int [n], of these rows.
        to: samples that each class should have at least.
        random: decides who is repeated once more.

    Returns:
        int64 [m], m >= n, class after class.
    """
    enlarged = []
    for label in np.unique(labels):
        members = rows[labels == label]
        whole, rest = divmod(max(to, len(members)), len(members))
        enlarged += [np.tile(members, whole), random.permutation(members)[:rest]]
    return np.concatenate(enlarged)


def draw_keys(order: np.ndarray) -> np.ndarray:
    """What each place in an epoch's order draws its augmentation from.

    The first time a row comes it is the row itself, as in an epoch without repeats; each further time gets a key of
    its own, so that no two copies are changed alike.

    Args:
        order: int64 [n], rows below 2^32.

    Returns:
        int64 [n], no two alike.
    """
    by_row = np.argsort(order, kind="stable")
    ordered = order[by_row]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    before = np.empty_like(order)
    before[by_row] = np.arange(len(order)) - np.repeat(first, np.diff(np.r_[first, len(order)]))
    return order + (before << 32)
