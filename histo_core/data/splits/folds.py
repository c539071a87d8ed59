"""Assign groups or samples to folds with similar class shares, and list the configurations of all folds and repeats."""

from __future__ import annotations

import numpy as np

from histo_core.config import SplitConfig
from histo_core.data.splits.partition import class_shares
from histo_core.errors import SplitError
from histo_core.shown_text import count

_DRAWS = 50
_STEPS = 50_000
"""Limit for groups x draws: with very many groups a few draws are as even as many."""
_STREAM = 2
"""Keeps this random stream apart from those of sets and subsets with the same seed."""


def folds_of(config: SplitConfig) -> tuple[SplitConfig, ...]:
    """Return the configuration of each fold, or of the single split where there are no folds."""
    if config.folds is None:
        return (config,)
    return tuple(config.model_copy(update={"fold": fold}) for fold in range(config.folds))


def repeats_of(config: SplitConfig, n: int) -> tuple[SplitConfig, ...]:
    """Return the same split ``n`` times with different seeds; the first has the configuration's own seed.

    Another seed also draws another test set, if one is held out of the folds.
    """
    return tuple(config.model_copy(update={"seed": config.seed + repeat}) for repeat in range(n))


def assign_groups(groups: np.ndarray, labels: np.ndarray, folds: int, seed: int, *, kind: str = "group") -> np.ndarray:
    """Assign whole groups to folds; of several seeded draws the most even one is used.

    In random order each group goes to the fold that needs it most: the one whose shares of the classes and of the
    groups have the smallest inner product with the group's own. That is steepest descent on the sum of squared shares,
    which is smallest if all folds are alike. So no fold is empty, and different seeds give different folds. (Stratified
    group k-fold usually goes by size, which would give nearly the same folds for every seed.)

    Args:
        groups: group id of each sample.
        labels: int class index of each sample.
        folds: number of folds.
        seed: seed of the draws.
        kind: what a group is, for the error.

    Returns:
        Number of each sample's fold, int64 [n], 0 to folds - 1.

    Raises:
        SplitError: fewer groups than folds.
    """
    member, of_class = class_shares(groups, labels)
    count = len(of_class)
    _refuse_few(count, folds, kind)
    weights = np.hstack([of_class, np.full((count, 1), 1 / count)])
    rng = np.random.default_rng([seed, _STREAM])
    draws = (_assign(weights, rng.permutation(count), folds) for _ in range(max(1, min(_DRAWS, _STEPS // count))))
    fold, _ = min(draws, key=lambda drawn: drawn[1])
    return fold[member]


def assign_samples(sample_ids: np.ndarray, labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Assign single samples to folds at random, class after class in turn.

    The folds' sizes differ by at most one, and so do their counts of each class.

    Args, Returns: as `assign_groups`, with one id a sample.

    Raises:
        SplitError: fewer samples than folds.
    """
    _refuse_few(len(labels), folds, "sample")
    rng = np.random.default_rng([seed, _STREAM])
    by_id = np.argsort(sample_ids.astype(str), kind="stable")  # the order of the table's rows must not matter
    shuffled = rng.permutation(by_id)
    fold = np.empty(len(labels), dtype=np.int64)
    fold[shuffled[np.argsort(labels[shuffled], kind="stable")]] = np.arange(len(labels)) % folds
    return fold


def _assign(weights: np.ndarray, order: np.ndarray, folds: int) -> tuple[np.ndarray, float]:
    """Return the fold of each group, and how uneven the folds are."""
    filled = np.zeros((folds, weights.shape[1]))
    fold = np.empty(len(order), dtype=np.int64)
    for group in order:
        fold[group] = chosen = int((filled @ weights[group]).argmin())
        filled[chosen] += weights[group]
    return fold, float((filled**2).sum())


def _refuse_few(number: int, folds: int, kind: str) -> None:
    if number < folds:
        raise SplitError(
            f"{count(number, kind)} cannot be divided into {folds} folds.",
            f"At least one {kind} a fold is needed.",
            "Lower the number of folds, or split another way.",
        )
