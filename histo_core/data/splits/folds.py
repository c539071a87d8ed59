"""Dealing groups or samples into folds of like class shares; and the configurations of all folds and repeats."""

from __future__ import annotations

import numpy as np

from histo_core.config import SplitConfig
from histo_core.data.splits.partition import class_shares
from histo_core.errors import SplitError

_DEALS = 50
_STEPS = 50_000
"""Groups to deal in all: with very many groups a few deals are as even as many."""
_STREAM = 2
"""Apart from what the same seed draws for parts and subsets."""


def folds_of(config: SplitConfig) -> tuple[SplitConfig, ...]:
    """The configuration of each fold; of the one split where there are no folds."""
    if config.folds is None:
        return (config,)
    return tuple(config.model_copy(update={"fold": fold}) for fold in range(config.folds))


def repeats_of(config: SplitConfig, n: int) -> tuple[SplitConfig, ...]:
    """The same split ``n`` times with seeds of their own, the first with the configuration's.

    Another seed also cuts another test set, where one is held out of the folds.
    """
    return tuple(config.model_copy(update={"seed": config.seed + repeat}) for repeat in range(n))


def deal_groups(groups: np.ndarray, labels: np.ndarray, folds: int, seed: int, *, kind: str = "group") -> np.ndarray:
    """Deal whole groups into folds: of several seeded deals, the most even one.

    In a random order each group goes to the fold that needs it most: the one whose shares of the classes and of the
    groups have the smallest inner product with the group's own. That is steepest descent on the sum of squared
    shares, which is smallest where all folds are alike. So no fold is empty, and different seeds give different
    folds (the greedy order by size that stratified group k-fold usually takes would give nearly the same ones).

    Args:
        groups: group id of each sample.
        labels: int class index of each sample.
        folds: how many.
        seed: of the deals.
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
    deals = (_deal(weights, rng.permutation(count), folds) for _ in range(max(1, min(_DEALS, _STEPS // count))))
    fold, _ = min(deals, key=lambda deal: deal[1])
    return fold[member]


def deal_samples(sample_ids: np.ndarray, labels: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Deal single samples into folds at random, class after class as one deals cards.

    The folds' sizes differ by at most one, and so do their counts of each class.

    Args, Returns: as `deal_groups`, with one id a sample.

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


def _deal(weights: np.ndarray, order: np.ndarray, folds: int) -> tuple[np.ndarray, float]:
    """Fold of each group, and how uneven the folds are."""
    filled = np.zeros((folds, weights.shape[1]))
    fold = np.empty(len(order), dtype=np.int64)
    for group in order:
        fold[group] = chosen = int((filled @ weights[group]).argmin())
        filled[chosen] += weights[group]
    return fold, float((filled**2).sum())


def _refuse_few(count: int, folds: int, kind: str) -> None:
    if count < folds:
        raise SplitError(
            f"{count:,} {kind}{'' if count == 1 else 's'} cannot be divided into {folds} folds.",
            f"At least one {kind} a fold is needed.",
            "Lower the number of folds, or split another way.",
        )
