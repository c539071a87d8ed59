"""Class balance: by hand, and by counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.utils.class_weight import compute_class_weight

from histo_core.data.splits.balance import balanced_order, class_weights, enlarged_rows, sampling_keys

LABELS = np.repeat([0, 1, 3], [60, 30, 10])
ROWS = np.arange(500, 600)


def test_weights_are_scikit_learns_and_zero_where_nothing_is() -> None:
    weights = class_weights(LABELS, 4)
    assert weights.dtype == np.float32
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=LABELS)
    np.testing.assert_allclose(weights[[0, 1, 3]], expected, rtol=1e-6)
    assert weights[2] == 0
    assert weights[LABELS].sum() == pytest.approx(len(LABELS))


def test_drawn_classes_come_equally_often() -> None:
    order = balanced_order(np.repeat(ROWS, 100), np.repeat(LABELS, 100), np.random.default_rng(0))
    assert len(order) == 10_000
    counts = np.bincount(LABELS[order - 500])[[0, 1, 3]]
    assert stats.chisquare(counts).pvalue > 0.001
    within = np.bincount(order - 500)[:60]
    assert stats.chisquare(within).pvalue > 0.001


def test_small_classes_are_enlarged_and_large_ones_stay() -> None:
    rows = enlarged_rows(ROWS, LABELS, 45, np.random.default_rng(0))
    assert np.bincount(LABELS[rows - 500]).tolist() == [60, 45, 0, 45]
    times = np.bincount(rows - 500)
    assert set(times[:60]) == {1}
    assert sorted(times[60:90]) == [1] * 15 + [2] * 15
    assert sorted(times[90:]) == [4] * 5 + [5] * 5
    other = enlarged_rows(ROWS, LABELS, 45, np.random.default_rng(1))
    assert not np.array_equal(np.sort(rows), np.sort(other))


def test_the_first_copy_keeps_its_row_as_key_and_no_two_are_alike() -> None:
    order = np.array([7, 3, 7, 7, 0, 3])
    keys = sampling_keys(order)
    assert keys.tolist() == [7, 3, 7 + (1 << 32), 7 + (2 << 32), 0, 3 + (1 << 32)]
    assert np.array_equal(sampling_keys(ROWS), ROWS)
    many = np.random.default_rng(0).integers(0, 50, 1000)
    assert len(set(sampling_keys(many))) == 1000
    assert np.array_equal(sampling_keys(many) & 0xFFFFFFFF, many)
