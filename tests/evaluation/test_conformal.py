"""Prediction sets: limits counted by hand, and the promised coverage kept on average over many draws."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.evaluation.conformal import conformal_limits, prediction_sets, set_coverage


def test_limits_are_counted_by_hand() -> None:
    """Of nine probabilities 0.1 to 0.9 the ceil(10 x 0.8) = 8th largest is 0.2; of four, ceil(5 x 0.8) = 4th."""
    of_b = np.linspace(0.1, 0.9, 9)
    of_a = np.array([0.3, 0.5, 0.6, 0.9])
    y = np.array([1] * 9 + [0] * 4)
    b = np.concatenate([of_b, 1 - of_a])
    order = np.random.default_rng(0).permutation(13)
    limits = conformal_limits(y[order], np.stack([1 - b, b], axis=1)[order], 0.8)
    assert limits == pytest.approx([0.3, 0.2])
    assert conformal_limits(y, np.stack([1 - b, b], axis=1), 0.9) == pytest.approx([0.0, 0.1]), "four are too few"
    sets = prediction_sets(np.array([[0.25, 0.75], [0.85, 0.15], [0.5, 0.5]]), limits)
    assert sets.tolist() == [[False, True], [True, False], [True, True]]


def test_a_class_without_calibration_samples_is_in_every_set() -> None:
    limits = conformal_limits(np.zeros(50, np.int64), np.full((50, 2), 0.5), 0.9)
    assert limits.tolist() == [0.5, 0.0]


def test_each_class_is_missed_no_more_often_than_promised() -> None:
    """The mean coverage over draws lies between the coverage and coverage + 1 / (n + 1)."""
    rng = np.random.default_rng(1)
    n, wanted, found = 19, 0.9, []
    for _ in range(2_000):
        y = np.repeat([0, 1], [n, n])
        p = rng.beta(2 + 2 * y, 4 - 2 * y)
        new = rng.beta(4, 2, 40)
        limits = conformal_limits(y, np.stack([1 - p, p], axis=1), wanted)
        found.append((new >= limits[1]).mean())
    error = np.std(found) / np.sqrt(len(found))
    assert wanted - 3 * error <= np.mean(found) <= wanted + 1 / (n + 1) + 3 * error


def test_coverage_is_counted_by_class_patient_and_size() -> None:
    y = np.array([0, 0, 1, 1, 1])
    sets = np.array([[1, 0], [0, 1], [1, 1], [0, 1], [0, 0]], bool)
    found = set_coverage(y, sets, np.array(["p", "q", "p", "q", "q"]))
    assert found.overall.value == pytest.approx(3 / 5)
    assert [one.value for one in found.by_class] == pytest.approx([1 / 2, 2 / 3])
    assert found.by_group == pytest.approx([1 / 3, 1])
    assert found.sizes.tolist() == [1, 3, 1]
    alone = set_coverage(y, sets)
    assert len(alone.by_group) == 0
    missing = set_coverage(np.zeros(2, np.int64), np.ones((2, 2), bool))
    assert not missing.by_class[1].defined
