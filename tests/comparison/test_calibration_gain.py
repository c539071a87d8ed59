"""Recalibrations are judged on patients that did not fit them; numbers are scikit-learn's or counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import GroupKFold

from histo_core.comparison.api import compare_predictions
from histo_core.comparison.calibration_gain import all_recalibrated, calibration_scores, fitted_where, recalibrated
from histo_core.comparison.compare import compare
from histo_core.comparison.join import join
from histo_core.comparison.results import Comparison, ModelResult
from histo_core.comparison.run_predictions import RunPredictions
from histo_core.comparison.shown_calibration import (
    best_method,
    calibration_rows,
    calibration_table,
    ece_sentence,
    gain_sentence,
    refusals,
)
from histo_core.prediction.recalibration import METHODS

if TYPE_CHECKING:
    from conftest import Make


def compared(run: RunPredictions, split_set: str = "test") -> tuple[Comparison, ModelResult]:
    found = compare(join([run], split_set))
    return found, found.results[0]


@pytest.fixture
def steep(make: Make) -> RunPredictions:
    """A run whose logits are three times too large; its test patients are others than those of validation."""
    run = make("a1", "A", n=2_000, patients=40)
    p = expit(3 * logit(run.table["prob_tumour"].to_numpy()))
    patients = run.table["split"].astype(str) + run.table["patient_id"].astype(str)
    return replace(run, table=run.table.assign(prob_tumour=p, prob_normal=1 - p, patient_id=patients))


def in_set(run: RunPredictions, name: str) -> tuple[np.ndarray, np.ndarray]:
    rows = run.table[run.table["split"] == name].sort_values("sample_id")
    return (rows["y_true"] == "tumour").to_numpy(), rows["prob_tumour"].to_numpy()


def test_fits_of_validation_are_judged_on_test(steep: RunPredictions) -> None:
    comparison, result = compared(steep)
    (y, p), (y_valid, p_valid) = in_set(steep, "test"), in_set(steep, "valid")
    x, x_valid = logit(np.clip([p, p_valid][0], 1e-6, 1 - 1e-6)), logit(np.clip(p_valid, 1e-6, 1 - 1e-6))
    platt = LogisticRegression(C=1e12, tol=1e-10).fit(x_valid[:, None], y_valid)
    isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p_valid, y_valid)
    expected = {"platt": platt.predict_proba(x[:, None])[:, 1], "isotonic": isotonic.predict(p)}
    for found in all_recalibrated(comparison, result):
        assert found.scores is not None
        assert found.probabilities is not None
        after = found.probabilities[:, 1]
        if found.method in expected:
            assert after == pytest.approx(expected[found.method], abs=1e-5)
        assert found.scores.brier.value == pytest.approx(brier_score_loss(y, after))
        assert found.brier_gain.value == pytest.approx(brier_score_loss(y, after) - brier_score_loss(y, p))
        before = log_loss(y, np.clip(p, 1e-12, 1))
        if found.method != "isotonic":  # it gives probabilities of 0 and 1, which scikit-learn clips elsewhere
            assert found.log_loss_gain.value == pytest.approx(log_loss(y, after) - before, abs=1e-6)
            assert found.log_loss_gain.high < 0
            assert found.scores.slope.value == pytest.approx(1, abs=0.2)
    assert calibration_scores(comparison, result.probabilities).slope.value < 0.6
    assert fitted_where(comparison, result) == (
        "Fitted on 1,000 validation patches of 40 patients, judged on 1,000 test patches of 40 patients. They share no "
        "patient."
    )


def test_the_interval_of_a_gain_is_paired_by_patient(steep: RunPredictions) -> None:
    """The delete-one-patient jackknife of the mean difference, on the wide logit scale nearly the plain one."""
    comparison, result = compared(steep)
    found = recalibrated(comparison, result, "temperature")
    (y, p), patients = in_set(steep, "test"), comparison.groups
    assert found.probabilities is not None
    assert patients is not None
    difference = (found.probabilities[:, 1] - y) ** 2 - (p - y) ** 2
    without = np.array([difference[patients != one].mean() for one in np.unique(patients)])
    k = len(without)
    error = np.sqrt((k - 1) / k * ((without - without.mean()) ** 2).sum())
    half = (found.brier_gain.high - found.brier_gain.low) / 2
    assert half == pytest.approx(2.02 * error, rel=0.1)
    assert f"{k} groups" in found.brier_gain.method


def test_on_validation_itself_each_part_of_the_patients_is_recalibrated_by_the_others(steep: RunPredictions) -> None:
    comparison, result = compared(steep, "valid")
    found = recalibrated(comparison, result, "isotonic")
    y, p = in_set(steep, "valid")
    expected = np.empty(len(y))
    assert found.probabilities is not None
    for fitting, judged in GroupKFold(5).split(p, y, comparison.groups):
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(p[fitting], y[fitting])
        expected[judged] = fitted.predict(p[judged])
    assert found.probabilities[:, 1] == pytest.approx(expected)
    assert "each of 5 parts of the patients" in fitted_where(comparison, result)


def test_what_cannot_be_judged_says_why(make: Make, steep: RunPredictions) -> None:
    unknown = make("a1", patients=None)
    comparison, result = compared(unknown, "valid")
    assert "Neither patients nor slides are known" in recalibrated(comparison, result, "platt").reason
    assert "Whether they share patients is not known" in fitted_where(*compared(unknown))
    few = make("a1", patients=3)
    assert "3 patients" in recalibrated(*compared(few, "valid"), "platt").reason
    assert "They share 3 patients, so that the gain may be too large." in fitted_where(*compared(few))
    three = make("a1", classes=("a", "b", "c"))
    reasons = {one.method: one.reason for one in all_recalibrated(*compared(three))}
    assert reasons["temperature"] == ""
    assert "for 3 classes" in reasons["platt"]
    assert "for 3 classes" in reasons["isotonic"]
    only = replace(steep, table=steep.table[steep.table["split"] == "test"])
    assert "validation samples of 0 of 2 classes" in recalibrated(*compared(only), "temperature").reason
    trained = replace(steep, table=steep.table.assign(split=steep.table["split"].replace("test", "train")))
    assert "learnt from the training set" in recalibrated(*compared(trained, "train"), "temperature").reason
    comparison = compare_predictions([0, 1, 0, 1], {"model": [0.2, 0.7, 0.6, 0.4]})
    assert "validation samples of 0" in recalibrated(comparison, comparison.results[0], "platt").reason
    assert "no labelled validation patches" in fitted_where(comparison, comparison.results[0])


def test_a_temperature_of_one_changes_nothing_and_claims_no_interval(make: Make) -> None:
    run = make("a1")
    half = run.table.assign(prob_tumour=0.5, prob_normal=0.5)
    found = recalibrated(*compared(replace(run, table=half)), "temperature")
    assert (found.brier_gain.value, found.brier_gain.low, found.brier_gain.high) == (0, 0, 0)


def test_tables_have_the_numbers(steep: RunPredictions) -> None:
    comparison, result = compared(steep)
    before, found = calibration_scores(comparison, result.probabilities), all_recalibrated(comparison, result)
    table = calibration_table(before, found)
    assert table["Probabilities"].tolist() == [
        "The model's own", "Temperature scaling", "Platt scaling", "Isotonic regression"
    ]  # fmt: skip
    assert table["Slope"].tolist()[0] == str(before.slope)
    assert table["ECE if calibrated"].tolist()[0] == f"{before.ece.calibrated:.3f}"
    rows = calibration_rows(before, found).set_index(["probabilities", "number"])
    assert rows.loc[("platt", "brier_change"), "value"] == found[1].brier_gain.value
    assert set(rows.index.get_level_values(0)) == {"before", *METHODS}
    assert refusals(found) == []
    assert f"{before.ece.calibrated:.3f}" in ece_sentence(before)


def test_a_run_that_lists_its_classes_in_another_order_is_fitted_alike(make: Make, steep: RunPredictions) -> None:
    first = make("b1", "B", n=2_000, patients=40)
    first = replace(first, table=first.table.assign(patient_id=steep.table["patient_id"]))
    turned = replace(steep, classes=steep.classes[::-1])
    straight, other = (compare(join([first, second], "test")) for second in (steep, turned))
    for method in METHODS:
        a, b = (recalibrated(found, found.results[1], method).probabilities for found in (straight, other))
        assert a is not None
        assert b is not None
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_sentence_says_whether_a_method_helps(steep: RunPredictions) -> None:
    comparison, result = compared(steep)
    found = all_recalibrated(comparison, result)
    best = best_method(found)
    assert best is not None
    assert best.brier_gain.value == min(one.brier_gain.value for one in found)
    assert " helps: the Brier score changes by -0.0" in gain_sentence(found)
    worse = [replace(one, brier_gain=replace(one.brier_gain, value=0.02, low=0.01, high=0.03)) for one in found]
    assert gain_sentence(worse).startswith("No method helps: each makes the Brier score worse.")
    open_ = [replace(one, brier_gain=replace(one.brier_gain, value=-0.01, low=-0.03, high=0.01)) for one in found]
    assert gain_sentence(open_).startswith("No method is shown to help: the best, temperature scaling,")
    assert gain_sentence([]) == ""
