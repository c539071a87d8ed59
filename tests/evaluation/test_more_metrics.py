"""Precision-recall, agreement, calibration and partial ROC against scikit-learn, R's pROC and hand calculations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from by_hand import jackknife_by_hand
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from histo_core.errors import DataError
from histo_core.evaluation import leave_out
from histo_core.evaluation.agreement import agreement_interval, cohen_kappa, matthews
from histo_core.evaluation.calibration_error import calibration_error
from histo_core.evaluation.leave_out import leave_out_interval, mean_interval
from histo_core.evaluation.partial_roc import (
    curve_interval,
    partial_auroc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from histo_core.evaluation.precision_recall import auprc_interval, precision_recall_curve
from histo_core.evaluation.probability_scores import (
    brier_interval,
    calibration_intercept,
    calibration_intervals,
    calibration_line,
    log_loss_interval,
)

if TYPE_CHECKING:
    from conftest import Made


@pytest.fixture(scope="module")
def asah() -> pd.DataFrame:
    """PROC's data set (Turck et al. 2010)."""
    return pd.read_csv(Path(__file__).with_name("asah.csv"))


def two_columns(score: np.ndarray) -> np.ndarray:
    return np.stack([1 - score, score], axis=1)


def test_auprc_is_scikit_learns_average_precision(made: Made) -> None:
    for score in made.scores:
        found = auprc_interval(made.y, score, made.patients)
        assert found.value == pytest.approx(metrics.average_precision_score(made.y, score), abs=1e-12)


def test_auprc_limits_leave_one_patient_out(made: Made) -> None:
    score, names = made.scores[1], np.unique(made.patients)
    found = auprc_interval(made.y, score, made.patients)
    kept = [made.patients != name for name in names]
    left = np.array([metrics.average_precision_score(made.y[k], score[k]) for k in kept])
    sizes = np.array([[np.sum(made.y[made.patients == n] == c) for c in (1, 0)] for n in names])
    assert (found.low, found.high) == pytest.approx(jackknife_by_hand(found.value, left, sizes), rel=1e-6)


def test_precision_recall_curve_is_scikit_learns(made: Made) -> None:
    found = precision_recall_curve(made.y, made.scores[0])
    precision, recall, thresholds = metrics.precision_recall_curve(made.y, made.scores[0])
    assert np.allclose(found.precision, precision)
    assert np.allclose(found.recall, recall)
    assert np.allclose(found.thresholds, thresholds)
    assert len(precision_recall_curve([0, 0], [0.1, 0.2]).recall) == 0


def test_correlation_and_kappa_are_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    true, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    predicted = np.where(rng.random(200) < 0.5, true, predicted)
    for statistic, reference in (
        (matthews, metrics.matthews_corrcoef),
        (cohen_kappa, metrics.cohen_kappa_score),
    ):
        found = agreement_interval(statistic, true, predicted, 4, np.repeat(np.arange(20), 10))
        assert found.value == pytest.approx(reference(true, predicted), abs=1e-12)
        assert -1 <= found.low < found.value < found.high <= 1


def test_correlation_of_one_predicted_class_is_0_and_kappa_of_one_class_has_no_value() -> None:
    assert agreement_interval(matthews, [0, 1, 1, 0], [1, 1, 1, 1], 2).value == 0
    assert not agreement_interval(cohen_kappa, [1, 1], [1, 1], 2).defined


def test_brier_and_log_loss_are_scikit_learns(made: Made) -> None:
    score = np.clip(made.scores[2], 0.01, 0.99)
    assert brier_interval(made.y, two_columns(score)).value == pytest.approx(metrics.brier_score_loss(made.y, score))
    assert log_loss_interval(made.y, two_columns(score)).value == pytest.approx(metrics.log_loss(made.y, score))
    rng = np.random.default_rng(0)
    true, table = rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90)
    assert brier_interval(true, table).value == pytest.approx(metrics.brier_score_loss(true, table, labels=[0, 1, 2]))


def test_limits_of_a_mean_leave_one_patient_out(made: Made) -> None:
    score = made.scores[1]
    found = brier_interval(made.y, two_columns(score), made.patients)
    names = np.unique(made.patients)
    left = np.array([np.mean((score[made.patients != n] - made.y[made.patients != n]) ** 2) for n in names], np.float64)
    sizes = np.array([[np.sum(made.patients == n)] for n in names])
    assert (found.low, found.high) == pytest.approx(jackknife_by_hand(found.value, left, sizes), rel=1e-6)


def test_calibration_is_that_of_a_logistic_regression_without_penalty(made: Made) -> None:
    score = np.clip(made.scores[1], 0.01, 0.99)
    x = np.log(score / (1 - score))[:, None]
    fitted = LogisticRegression(C=1e12, tol=1e-10, max_iter=1_000).fit(x, made.y)
    intercept, slope = calibration_line(made.y == 1, score)
    assert (intercept, slope) == pytest.approx((fitted.intercept_[0], fitted.coef_[0, 0]), rel=1e-4)


def test_calibration_in_the_large_makes_the_mean_right(made: Made) -> None:
    score = np.clip(made.scores[1], 0.01, 0.99)
    moved = 1 / (1 + np.exp(-np.log(score / (1 - score)) - calibration_intercept(made.y == 1, score)))
    assert moved.mean() == pytest.approx(made.y.mean(), abs=1e-9)


def test_a_calibrated_model_has_a_slope_near_1_and_an_overconfident_one_below() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1.5, 20_000)
    y = rng.random(20_000) < 1 / (1 + np.exp(-logits))
    intercept, slope = calibration_intervals(y, 1 / (1 + np.exp(-logits)))
    assert intercept.low < 0 < intercept.high
    assert slope.low < 1 < slope.high
    _, steep = calibration_intervals(y, 1 / (1 + np.exp(-2 * logits)))
    assert steep.high < 0.6
    assert steep.value == pytest.approx(slope.value / 2, rel=1e-6)


@pytest.mark.parametrize("score", [[0.1, 0.2, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5]])
def test_no_slope_where_scores_separate_the_classes_or_are_equal(score: list[float]) -> None:
    _, slope = calibration_intervals([0, 0, 1, 1], score)
    assert not slope.defined
    assert "separate" in slope.method


def test_ece_by_hand_and_what_a_calibrated_model_shows() -> None:
    found = calibration_error([1, 1, 0, 0], [0.9, 0.8, 0.3, 0.1], bins=2)
    assert found.ece.value == pytest.approx((abs(0.9 + 0.8 - 2) + abs(0.3 + 0.1 - 0)) / 4)
    assert found.scheme == "2 bins of equal width"


@pytest.mark.parametrize(("n", "expected"), [(200, 0.076), (1_000, 0.034), (5_000, 0.015)])
def test_ece_of_a_calibrated_model_is_that_of_the_definitions(n: int, expected: float) -> None:
    rng = np.random.default_rng(n)
    found = calibration_error(rng.random(n) < 0.5, rng.random(n))
    assert found.calibrated == pytest.approx(expected, abs=0.012)
    assert found.calibrated < found.calibrated_high < 2 * found.calibrated


def test_drawn_labels_give_the_ece_that_the_formula_expects() -> None:
    """In bins of many samples the mean is that of a folded normal: sqrt(2 / pi) times the standard deviation."""
    scores = np.full(4_000, 0.7)
    found = calibration_error(np.arange(4_000) % 10 < 7, scores)
    assert found.calibrated == pytest.approx(np.sqrt(2 / np.pi * 0.7 * 0.3 / 4_000), rel=0.05)


def test_partial_auroc_is_that_of_proc(asah: pd.DataFrame) -> None:
    positive = (asah["outcome"] == 1).to_numpy()
    assert partial_auroc(positive, asah["s100b"].to_numpy(), 0.9) == pytest.approx(0.646091855655, abs=1e-11)


def test_partial_auroc_is_scikit_learns(made: Made) -> None:
    for specificity in (0.5, 0.8, 0.95):
        expected = metrics.roc_auc_score(made.y, made.scores[1], max_fpr=1 - specificity)
        assert partial_auroc(made.y == 1, made.scores[1], specificity) == pytest.approx(expected, abs=1e-12)
    whole = metrics.roc_auc_score(made.y, made.scores[1])
    assert partial_auroc(made.y == 1, made.scores[1], 0) == pytest.approx(whole, abs=1e-12)


def test_sensitivity_at_a_specificity_is_the_best_point_of_the_curve(made: Made) -> None:
    fpr, tpr, _ = metrics.roc_curve(made.y, made.scores[1], drop_intermediate=False)
    for at in (0.8, 0.9, 0.95, 1.0):
        assert sensitivity_at_specificity(made.y == 1, made.scores[1], at) == tpr[1 - fpr >= at - 1e-9].max()
        assert specificity_at_sensitivity(made.y == 1, made.scores[1], at) == pytest.approx(
            1 - fpr[tpr >= at - 1e-9].min()
        )


def test_numbers_off_the_curve_have_limits_around_them(made: Made) -> None:
    for statistic in ("sensitivity", "specificity", "partial_auroc"):
        found = curve_interval(statistic, made.y, made.scores[1], made.patients, at=0.9)
        assert 0 <= found.low < found.value < found.high <= 1
    with pytest.raises(DataError, match="partial_auroc"):
        curve_interval("auc", made.y, made.scores[1], at=0.9)
    assert not curve_interval("sensitivity", [1, 1], [0.1, 0.2], at=0.9).defined


def test_many_groups_are_left_out_in_blocks_of_whole_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leave_out, "MAX_BLOCKS", 10)
    codes, seen = np.repeat(np.arange(50), 3), []

    def mean(kept: np.ndarray) -> float:
        seen.append(kept)
        return float(kept.mean() * 0.5)

    found = leave_out_interval(mean, np.ones((1, 150), bool), codes)
    assert len(seen) == 1 + 10
    assert "50 groups in 10 random blocks" in found.method
    left = np.stack([~kept for kept in seen[1:]])
    assert (left.sum(axis=0) == 1).all()  # each sample is left out once
    for one in left:
        assert all(one[codes == group].all() or not one[codes == group].any() for group in range(50))


def test_blocks_give_limits_near_those_of_single_groups(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    rng = np.random.default_rng(5)
    y = rng.random(3_000) < 0.4
    score, groups = rng.normal(y, 1), np.repeat(np.arange(300), 10)
    blocks = auprc_interval(y, score, groups)
    monkeypatch.setattr(leave_out, "MAX_BLOCKS", 1_000)
    single = auprc_interval(y, score, groups)
    assert blocks.high - blocks.low == pytest.approx(single.high - single.low, rel=0.15)


def test_one_patient_or_one_class_has_no_interval() -> None:
    one = auprc_interval([0, 1, 1], [0.1, 0.4, 0.3], ["a"] * 3)
    assert (one.low, one.high) == (0, 1)
    assert "no interval" in one.method
    assert not auprc_interval([1, 1], [0.1, 0.4]).defined
    mean = mean_interval(np.array([0.1, 0.3]), np.array([0, 0]), bounds=(0, 1))
    assert (mean.value, mean.low, mean.high) == pytest.approx((0.2, 0, 1))


@pytest.mark.parametrize(
    ("y", "table", "said"),
    [([0, 1], [[0.5, 0.5]], "shape"), ([0, 2], [[0.5, 0.5]] * 2, "0 to 1"), ([0, 1], [[2.0, -1.0]] * 2, "run from -1")],
)
def test_wrong_probabilities_are_refused(y: list[int], table: list[list[float]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        brier_interval(y, table)
