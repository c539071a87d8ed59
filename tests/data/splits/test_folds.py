"""Dealing into folds: each once, like shares, and errors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from histo_core.config import SplitConfig
from histo_core.data.splits.folds import assign_groups, assign_samples, folds_of, repeats_of
from histo_core.errors import SplitError

RNG = np.random.default_rng(3)
GROUPS = RNG.integers(0, 60, 3000)
LABELS = (RNG.random(3000) < 0.1 + 0.01 * GROUPS).astype(np.int64)


def unevenness(fold: np.ndarray, labels: np.ndarray, folds: int) -> float:
    """Sum over folds and classes of the squared distance from an equal share."""
    shares = np.array([[(labels[fold == f] == c).sum() for c in np.unique(labels)] for f in range(folds)])
    return float(((shares / shares.sum(axis=0) - 1 / folds) ** 2).sum())


@pytest.mark.parametrize("folds", [2, 3, 5, 10, 60])
def test_no_group_is_torn_and_no_fold_is_empty(folds: int) -> None:
    fold = assign_groups(GROUPS, LABELS, folds, seed=0)
    assert fold.dtype == np.int64
    assert sorted(set(fold)) == list(range(folds))
    assert all(len(set(fold[group == GROUPS])) == 1 for group in np.unique(GROUPS))


@pytest.mark.parametrize("folds", [3, 5, 10])
def test_folds_are_no_less_even_than_scikit_learns(folds: int) -> None:
    """Theirs goes by size and so gives nearly one partition; ours may differ with the seed and is as even."""
    theirs = np.empty(3000, int)
    for number, (_, rows) in enumerate(StratifiedGroupKFold(folds).split(LABELS, LABELS, GROUPS)):
        theirs[rows] = number
    for seed in range(3):
        assert unevenness(assign_groups(GROUPS, LABELS, folds, seed), LABELS, folds) < 2 * unevenness(
            theirs, LABELS, folds
        )


def test_a_group_that_outweighs_the_rest_gets_few_others_beside_it() -> None:
    groups = np.r_[np.zeros(500), np.repeat(np.arange(1, 9), 10)]
    sizes = np.sort(np.bincount(assign_groups(groups, np.zeros(580, int), 3, seed=1)))
    assert sizes.tolist() in ([40, 40, 500], [30, 40, 510])


def test_samples_are_dealt_to_the_patch() -> None:
    ids = np.array([f"s{n}" for n in range(3000)], dtype=object)
    fold = assign_samples(ids, LABELS, 7, seed=0)
    assert np.ptp(np.bincount(fold)) <= 1
    for label in (0, 1):
        assert np.ptp(np.bincount(fold[label == LABELS])) <= 1
    assert not np.array_equal(fold, assign_samples(ids, LABELS, 7, seed=1))


def test_fewer_than_folds_are_refused() -> None:
    with pytest.raises(SplitError, match="2 slides cannot be divided into 3 folds"):
        assign_groups(np.array(["a", "b"]), np.array([0, 1]), 3, 0, kind="slide")
    with pytest.raises(SplitError, match="1 sample cannot be divided into 3 folds"):
        assign_samples(np.array(["a"]), np.array([0]), 3, 0)


def test_configurations_of_folds_and_repeats() -> None:
    config = SplitConfig(folds=3, fold=2, seed=4)
    assert [each.fold for each in folds_of(config)] == [0, 1, 2]
    assert {each.seed for each in folds_of(config)} == {4}
    assert [each.seed for each in repeats_of(config, 3)] == [4, 5, 6]
    assert repeats_of(config, 1) == (config,)
    assert folds_of(SplitConfig()) == (SplitConfig(),)
