"""Accuracy and balanced accuracy against scikit-learn, statsmodels and a jackknife written out."""

from __future__ import annotations

import numpy as np
import pytest
from by_hand import jackknife_by_hand
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score
from statsmodels.stats.proportion import proportion_confint

from histo_core.errors import DataError
from histo_core.evaluation.multiclass import class_rates, mean_f1, weighted_f1


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
    low, high = zip(*(proportion_confint(k, n, method="beta") for k, n in ((8, 10), (15, 20))), strict=True)
    below = np.hypot(0.8 - low[0], 0.75 - low[1]) / 2
    above = np.hypot(high[0] - 0.8, high[1] - 0.75) / 2
    assert (found.value, found.low, found.high) == pytest.approx((0.775, 0.775 - below, 0.775 + above))


def test_limits_with_groups_are_those_of_leaving_one_patient_out(
    three: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    true, predicted, groups = three
    found = class_rates(true, predicted, 3, groups).balanced_accuracy
    kept = [groups != g for g in range(12)]
    left = np.array([balanced_accuracy_score(true[k], predicted[k]) for k in kept])
    sizes = np.array([[np.sum(true[groups == g] == c) for c in range(3)] for g in range(12)])
    limits = jackknife_by_hand(found.value, left, sizes)
    assert (found.low, found.high) == pytest.approx(limits, rel=1e-6)


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


def test_mean_f1_and_weighted_f1_are_scikit_learns(three: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    true, predicted, _ = three
    matrix = confusion_matrix(true, predicted).astype(float)
    assert mean_f1(matrix) == pytest.approx(f1_score(true, predicted, average="macro"))
    assert weighted_f1(matrix) == pytest.approx(f1_score(true, predicted, average="weighted"))
