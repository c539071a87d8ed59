"""Accuracy and balanced accuracy against scikit-learn, statsmodels and replicates drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from statsmodels.stats.proportion import proportion_confint

from histo_core.errors import DataError
from histo_core.evaluation.bootstrap import draw_groups
from histo_core.evaluation.classes import class_rates


@pytest.fixture
def three() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, prediction and patients of 120 samples of three uneven classes."""
    rng = np.random.default_rng(0)
    true = rng.choice(3, 120, p=[0.6, 0.3, 0.1])
    return true, np.where(rng.random(120) < 0.7, true, rng.integers(0, 3, 120)), np.repeat(np.arange(12), 10)


def test_values_are_scikit_learns(three: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    true, predicted, groups = three
    for found in (class_rates(true, predicted, 3), class_rates(true, predicted, 3, groups)):
        assert found.n == 120
        assert found.accuracy.value == pytest.approx((true == predicted).mean())
        assert found.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(true, predicted))


def test_a_class_without_samples_does_not_count() -> None:
    assert class_rates([0, 0, 1, 1], [0, 1, 1, 1], 3).balanced_accuracy.value == 0.75


def test_limits_without_groups_by_hand() -> None:
    found = class_rates([0] * 10 + [1] * 20, [0] * 8 + [1] * 2 + [1] * 15 + [0] * 5, 2).balanced_accuracy
    low, high = zip(*(proportion_confint(k, n, method="wilson") for k, n in ((8, 10), (15, 20))), strict=True)
    below = np.hypot(0.8 - low[0], 0.75 - low[1]) / 2
    above = np.hypot(high[0] - 0.8, high[1] - 0.75) / 2
    assert (found.value, found.low, found.high) == pytest.approx((0.775, 0.775 - below, 0.775 + above))


def test_limits_with_groups_are_percentiles_of_whole_patients(
    three: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    true, predicted, groups = three
    found = class_rates(true, predicted, 3, groups)
    balanced, accuracy = [], []
    for weights in draw_groups(12):
        rows = np.concatenate([np.flatnonzero(groups == g) for g in range(12) for _ in range(int(weights[g]))])
        accuracy.append((true[rows] == predicted[rows]).mean())
        if len(set(true[rows])) == 3:
            recalls = [(predicted[rows][true[rows] == k] == k).mean() for k in range(3)]
            balanced.append(np.mean(recalls))
    for interval, replicates in ((found.accuracy, accuracy), (found.balanced_accuracy, balanced)):
        np.testing.assert_allclose([interval.low, interval.high], np.quantile(replicates, [0.025, 0.975]))


def test_few_groups_and_no_mistakes() -> None:
    one = class_rates([0, 1, 1], [0, 1, 0], 2, ["a"] * 3)
    assert (one.accuracy.low, one.accuracy.high) == (0.0, 1.0)
    right = class_rates([0, 1, 0, 1], [0, 1, 0, 1], 2, ["a", "a", "b", "b"]).balanced_accuracy
    assert (right.value, right.low, right.high) == pytest.approx((1.0, 0.025**0.5, 1.0))
    assert right.warning


@pytest.mark.parametrize(("true", "predicted"), [([], []), ([0, 1], [0]), ([0, -1], [0, 0]), ([0, 1], [0, 2])])
def test_what_does_not_fit_is_refused(true: list[int], predicted: list[int]) -> None:
    with pytest.raises(DataError):
        class_rates(true, predicted, 2)
