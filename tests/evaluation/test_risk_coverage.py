"""Refusal: the area of Traub et al., and what is left at a coverage."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from histo_core.evaluation.risk_coverage import at_coverage, augrc, confidences, risk_coverage


@pytest.mark.parametrize(
    ("confidence", "wrong", "expected"),
    [([0.9, 0.8, 0.7, 0.6], [0, 1, 0, 1], 0.1875), ([0.5] * 4, [0, 1, 0, 1], 0.25), ([0.9, 0.1], [0, 0], 0.0),
     ([0.3, 0.7], [1, 1], 0.5)],
)  # fmt: skip
def test_the_area_is_the_published_one(confidence: list[float], wrong: list[int], expected: float) -> None:
    assert augrc(np.array(wrong, bool), np.array(confidence)) == pytest.approx(expected)


def test_the_area_follows_from_the_auroc_of_failures_and_lies_under_the_curve(made) -> None:
    score = made.scores[1]
    wrong, sure = (score >= 0.5) != made.y, confidences(score, 0.5)
    accuracy = 1 - wrong.mean()
    expected = (1 - roc_auc_score(~wrong, sure)) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2
    found = risk_coverage(wrong, sure, made.patients)
    assert found.augrc.value == pytest.approx(expected)
    area = np.trapezoid(np.r_[0, found.risk * found.coverage], np.r_[0, found.coverage])
    assert area == pytest.approx(expected)
    assert found.augrc.low < expected < found.augrc.high
    left_out = [augrc(wrong[made.patients != one], sure[made.patients != one]) for one in np.unique(made.patients)]
    assert "12 groups" in found.augrc.method
    assert min(left_out) > found.augrc.low
    assert found.risk[-1] == pytest.approx(wrong.mean())


def test_at_half_the_confidence_orders_as_the_probability_of_the_called_class() -> None:
    score = np.array([0.0, 0.2, 0.5, 0.6, 1.0])
    np.testing.assert_allclose(confidences(score, 0.5), 2 * np.abs(score - 0.5))
    np.testing.assert_allclose(confidences(np.array([0.0, 0.1, 0.2, 0.6, 1.0]), 0.2), [1, 0.5, 0, 0.5, 1])
    np.testing.assert_allclose(confidences(score, 0.0), score)
    np.testing.assert_allclose(confidences(score, 1.0), 1 - np.r_[score[:-1], 0])


def test_at_a_coverage_the_least_sure_are_refused_and_ties_stay_together() -> None:
    positive = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], bool)
    wrong = np.array([0, 0, 1, 1, 0, 0, 0, 0, 0, 1], bool)
    sure = np.array([9, 8, 1, 2, 9, 8, 7, 6, 5, 2]) / 10
    found = at_coverage(0.8, positive, wrong, sure, ["a", "a", "b", "b", *"aaaaac"])
    assert found.coverage == 0.9, "two patches of one confidence"
    assert found.refused == 1
    assert (found.error.value, found.sensitivity.value) == (pytest.approx(2 / 9), pytest.approx(2 / 3))
    assert found.specificity.value == pytest.approx(5 / 6)
    assert (found.refused_of_class, found.refused_of_rest) == (0.25, 0)
    assert found.groups_refused == 0
    half = at_coverage(0.7, positive, wrong, sure, ["a", "a", "b", "b", *"aaaaac"])
    assert (half.coverage, half.groups_refused, half.error.value) == (0.7, 2, 0)
