"""Cutting into sets and drawing subsets, on arrays alone."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.data.splits.partition import class_shares, partition_groups, partition_samples, sample_rows
from histo_core.errors import SplitError

SHARES = {"valid": 0.2, "test": 0.3}
LABELS = np.repeat([0, 1, 2], [70, 25, 5])
IDS = np.array([f"s{n:03d}" for n in np.random.default_rng(0).permutation(100)], dtype=object)


def test_parts_have_their_sizes_class_by_class() -> None:
    split_sets = partition_samples(IDS, LABELS, SHARES, seed=0)
    sizes = {
        split_set: [int((LABELS[split_sets == split_set] == label).sum()) for label in range(3)] for split_set in SHARES
    }
    assert sizes == {"valid": [14, 5, 1], "test": [21, 8, 2]}
    assert (split_sets == "train").sum() == 100 - 20 - 31


def test_whole_groups_are_cut_and_each_set_gets_one() -> None:
    groups = np.arange(100) // 25
    split_sets = partition_groups(groups, LABELS, {"valid": 0.01, "test": 0.01}, seed=0)
    assert sorted(np.unique(split_sets, return_counts=True)[1]) == [25, 25, 50]
    assert all(len(set(split_sets[groups == group])) == 1 for group in range(4))


def test_group_shares_by_hand() -> None:
    member, shares = class_shares(np.array(["b", "a", "b", "b"]), np.array([1, 0, 0, 1]))
    assert member.tolist() == [1, 0, 1, 1]
    assert shares.tolist() == [[0.5, 0.0], [0.5, 1.0]]


@pytest.mark.parametrize("count", [2, 3, 17, 50, 99, 100, 500])
def test_a_subset_has_its_size_and_the_classes_shares(count: int) -> None:
    drawn = sample_rows(IDS, LABELS, count, seed=1)
    assert drawn.sum() == min(count, 100)
    for label, share in enumerate((0.7, 0.25, 0.05)):
        assert abs((LABELS[drawn] == label).sum() - share * min(count, 100)) < 1
    order = np.random.default_rng(2).permutation(100)
    np.testing.assert_array_equal(sample_rows(IDS[order], LABELS[order], count, seed=1), drawn[order])


def test_a_larger_subset_of_the_same_seed_holds_the_smaller() -> None:
    small, large = (sample_rows(IDS, np.zeros(100, int), count, seed=1) for count in (20, 60))
    assert not (small & ~large).any()


def test_too_few_are_refused() -> None:
    with pytest.raises(SplitError, match=r"2 samples cannot be divided.*in each class"):
        partition_samples(IDS[:4], np.array([0, 0, 1, 1]), SHARES, 0)
    with pytest.raises(SplitError, match=r"2 samples cannot be divided.*At least one sample a set is needed\."):
        partition_samples(IDS[:2], np.array([0, 0]), SHARES, 0)
    with pytest.raises(SplitError, match="1 patient cannot be divided into train and valid and test"):
        partition_groups(np.array(["p"] * 4), LABELS[:4], SHARES, 0, kind="patient")
