"""Thresholds chosen on one set, by hand and against scikit-learn's curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from histo_core.errors import DataError
from histo_core.evaluation.operating_point import (
    threshold_for_sensitivity,
    threshold_for_specificity,
    youden_threshold,
)

TRUE = [0, 0, 0, 1, 0, 1, 1, 1]
SCORE = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 0.9]


def _rates(y_true: np.ndarray, score: np.ndarray, threshold: float) -> tuple[float, float]:
    called = score >= threshold
    return float(called[y_true == 1].mean()), float((~called)[y_true == 0].mean())


def test_youden_by_hand() -> None:
    """From 0.4 on all 4 positives are found and 3 of 4 negatives are left out: 1 + 0.75; from 0.6 on it is 0.75 + 1."""
    assert youden_threshold(TRUE, SCORE) == pytest.approx(0.35), "of equal ones the more sensitive, at the midpoint"
    assert youden_threshold([0, 0, 1, 1], [0.2, 0.4, 0.4, 0.7]) == pytest.approx(0.3), "ties stay together"


@pytest.mark.parametrize(
    ("score", "threshold", "sensitivity", "specificity"),
    [("s100b", 0.205, 0.6341, 0.8056), ("ndka", 11.08, 0.7073, 0.5139)],
)
def test_youden_is_that_of_proc_on_asah(score: str, threshold: float, sensitivity: float, specificity: float) -> None:
    """R's pROC 1.18.0, ``coords(roc, "best", best.method="youden")``; its scores are no probabilities."""
    table = pd.read_csv(Path(__file__).with_name("asah.csv"))
    true, values = table["outcome"].to_numpy(), table[score].to_numpy(np.float64)
    top = values.max() + 1
    found = youden_threshold(true, values / top) * top
    assert found == pytest.approx(threshold)
    assert _rates(true, values / top, found / top) == pytest.approx((sensitivity, specificity), abs=5e-5)


def test_sensitivity_and_specificity_by_hand() -> None:
    assert threshold_for_sensitivity(TRUE, SCORE, 0.75) == pytest.approx(0.55)
    assert threshold_for_sensitivity(TRUE, SCORE, 0.76) == pytest.approx(0.35)
    assert threshold_for_sensitivity(TRUE, SCORE, 1) == pytest.approx(0.35)
    assert threshold_for_sensitivity(TRUE, SCORE, 0) == pytest.approx(0.95), "nothing need be found"
    assert threshold_for_specificity(TRUE, SCORE, 0.75) == pytest.approx(0.35)
    assert threshold_for_specificity(TRUE, SCORE, 0.76) == pytest.approx(0.55)
    assert threshold_for_specificity(TRUE, SCORE, 0) == 0, "everything may be called positive"


def test_nineteen_of_twenty_is_a_sensitivity_of_95_percent() -> None:
    score = np.concatenate([np.linspace(0.5, 0.9, 20), np.full(20, 0.1)])
    true = np.repeat([1, 0], 20)
    threshold = threshold_for_sensitivity(true, score, 0.95)
    assert _rates(true, score, threshold) == (0.95, 1)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_best_of_all_points_of_scikit_learns_curve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, 60)
    score = np.round(np.clip(0.3 * true + 0.7 * rng.random(60), 0, 1), 1 + seed % 3)
    fpr, tpr, _ = roc_curve(true, score, drop_intermediate=False)
    sensitivity, specificity = _rates(true, score, youden_threshold(true, score))
    assert sensitivity + specificity - 1 == pytest.approx((tpr - fpr).max())
    sensitivity, specificity = _rates(true, score, threshold_for_sensitivity(true, score, 0.9))
    assert sensitivity >= 0.9
    assert specificity == pytest.approx(1 - fpr[tpr >= 0.9].min())
    sensitivity, specificity = _rates(true, score, threshold_for_specificity(true, score, 0.9))
    assert specificity >= 0.9
    assert sensitivity == pytest.approx(tpr[fpr <= 0.1 + 1e-12].max())


def test_neighbouring_floats_and_the_ends_of_the_scale() -> None:
    low = 0.3
    high = np.nextafter(low, 1)
    assert youden_threshold([0, 1], [low, high]) == high
    assert youden_threshold([0, 1], [0.0, 1.0]) == pytest.approx(0.5)
    assert youden_threshold([1, 0], [0.2, 0.6]) == 0, "where the scores point the wrong way nothing is left out"
    assert threshold_for_specificity([1, 0], [0.2, 0.6], 1) == pytest.approx(0.8)


def test_what_cannot_be_chosen_is_refused() -> None:
    with pytest.raises(DataError, match="2 positive and 0 negative"):
        youden_threshold([1, 1], [0.2, 0.3])
    with pytest.raises(DataError, match=r"No threshold has a specificity of 0\.9 or more: the highest is 0\.500"):
        threshold_for_specificity([1, 0, 0], [0.2, 1.0, 0.4], 0.9)
