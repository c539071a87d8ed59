"""The curves of a comparison: of each model, at its prevalence, as tables with the numbers of scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from histo_core.comparison.compare import compare
from histo_core.comparison.curves import (
    MOST_BANDS,
    decision_curves,
    decision_points,
    precision_recall_curves,
    precision_recall_points,
    reliabilities,
    reliability_points,
    reliability_table,
    roc_bands,
    truth_and_score,
)
from histo_core.comparison.join import Joined, join
from histo_core.comparison.refusal import refusal_points, refusal_table, refusals
from histo_core.evaluation.prevalence import sample_weights


@pytest.mark.parametrize("prevalence", [None, 0.1])
def test_precision_recall_is_that_of_weighted_patches(three: Joined, prevalence: float | None) -> None:
    comparison = compare(three, prevalence=prevalence)
    found = precision_recall_curves(comparison)
    points = precision_recall_points(comparison, found)
    for result, one in zip(comparison.results, found, strict=True):
        truth, score = truth_and_score(comparison, result)
        weight = {"sample_weight": sample_weights(truth, prevalence)}
        precision, recall, thresholds = metrics.precision_recall_curve(truth, score, **weight)
        np.testing.assert_allclose(one.curve.precision, precision, atol=1e-12)
        np.testing.assert_allclose(one.curve.recall, recall, atol=1e-12)
        mine = points[points["run_id"] == result.run_id]
        np.testing.assert_allclose(mine["threshold"].dropna(), thresholds)
        assert len(mine) == len(np.unique(score)) + 1, "every distinct score"
        assert one.area.value == pytest.approx(metrics.average_precision_score(truth, score, **weight))
        assert len(one.band.x)


def test_decisions_and_reliability_move_with_the_prevalence_and_refusal_stands_still(three: Joined) -> None:
    at = [compare(three, prevalence=prevalence) for prevalence in (None, 0.1)]
    sampled, stated = (decision_points(one, decision_curves(one)) for one in at)
    assert set(stated["prevalence"]) == {0.1}
    assert not np.allclose(sampled["net_benefit"], stated["net_benefit"])
    half = stated[(stated["run_id"] == "b2") & (stated["threshold"] == 0.5)].iloc[0]
    rates = at[1].results[1].metrics
    expected = 0.1 * rates.sensitivity.value - 0.9 * (1 - rates.specificity.value)
    assert half["net_benefit"] == pytest.approx(expected)
    assert half["low"] < expected < half["high"]
    tables = [reliability_table(one, reliabilities(one)) for one in at]
    assert list(tables[1]["Share of tumour"]) == ["0.100"] * 3
    assert list(tables[0]["Mean probability"]) != list(tables[1]["Mean probability"])
    assert reliability_points(at[0], reliabilities(at[0]))["samples"].sum() == 3 * at[0].n
    still = [refusal_points(one, refusals(one)) for one in at]
    assert still[0].equals(still[1])
    assert all(a.low.tolist() == b.low.tolist() for a, b in zip(*map(roc_bands, at), strict=True))


def test_a_model_whose_probabilities_are_too_extreme_is_called_uncalibrated(three: Joined) -> None:
    wrong = three.probabilities**6
    wrong = wrong / wrong.sum(axis=2, keepdims=True)
    found = decision_curves(compare(replace(three, probabilities=wrong)))
    assert found[0].doubt.startswith("Small CNN is not calibrated (slope 0.")
    assert "calibrated 1" in found[0].doubt


def test_who_is_refused_is_counted(three: Joined) -> None:
    comparison = compare(three, threshold=0.3)
    table = refusal_table(comparison, refusals(comparison))
    assert list(table["Model"])[:2] == ["Small CNN", "Small CNN"]
    assert list(table["Coverage"])[:2] == ["80.0%", "95.0%"]
    assert list(table["Refused patches"])[:2] == ["24", "6"]
    assert "Patients refused in more than half" in table
    result = comparison.results[0]
    _, score = truth_and_score(comparison, result)
    sure = np.where(score >= 0.3, (score - 0.3) / 0.7, (0.3 - score) / 0.3)
    kept = np.argsort(sure)[24:]
    assert table["Error"][0].startswith(f"{(result.called != comparison.y_true)[kept].mean():.3f} ")


def test_with_many_classes_the_surest_have_the_highest_probability_of_any_class(make) -> None:
    joined = join([make("a1", classes=("a", "b", "c"), n=300)])
    comparison = compare(joined)
    (found,) = refusals(comparison)
    result = comparison.results[0]
    top = result.probabilities.max(axis=1)
    kept = top >= np.sort(top)[-int(np.ceil(0.8 * comparison.n))]
    truth = comparison.y_true == 2
    called = result.called == 2
    selected = found.selected[0]
    assert selected.error.value == pytest.approx((result.called != comparison.y_true)[kept].mean())
    assert selected.sensitivity.value == pytest.approx(called[kept & truth].mean())
    assert selected.specificity.value == pytest.approx((~called)[kept & ~truth].mean())


def test_of_many_models_no_bands_are_drawn(make) -> None:
    comparison = compare(join([make(f"m{i}", f"M{i}", noise=i) for i in range(MOST_BANDS + 1)]))
    assert not any(len(band.x) for band in roc_bands(comparison))


def test_one_class_alone_has_no_curve_and_says_so(three: Joined) -> None:
    comparison = compare(replace(three, y_true=np.zeros(len(three.y_true), np.int64)))
    assert not any(len(one.curve.recall) for one in precision_recall_curves(comparison))
    assert not any(one.doubt for one in decision_curves(comparison))
    assert reliabilities(comparison)[0].uncertainty == 0
    assert "nan" in refusal_table(comparison, refusals(comparison))["Refused of tumour"][0]
