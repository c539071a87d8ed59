"""The pictures of the tab Curves: their data, names letter by letter, and a sentence each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from histo_core.comparison.compare import Comparison, compare
from histo_core.comparison.curves import decision_curves, precision_recall_curves, reliabilities, roc_bands
from histo_core.comparison.refusal import refusals
from histo_core.comparison.shown_threshold import threshold_ranges
from histo_core.plots.bands import thin
from histo_core.plots.cost_quality import AXES, cost_figure, cost_table
from histo_core.plots.decision_curve import decision_curve_figure
from histo_core.plots.precision_recall import precision_recall_figure
from histo_core.plots.reliability import reliability_figure
from histo_core.plots.risk_coverage import risk_coverage_figure
from histo_core.plots.roc import roc_figure
from histo_core.plots.scores import MOST_MODELS, score_bins, score_figure
from histo_core.runs.run_cost import RunCost

ESCAPED = "a1 &amp; &lt;i&gt;"


def _named(figure, start: str = ESCAPED) -> list:
    return [trace for trace in figure.data if str(trace.name).startswith(start)]


def test_precision_and_recall_have_a_band_and_the_operating_point(comparison: Comparison) -> None:
    found = precision_recall_curves(comparison)
    figure = precision_recall_figure(comparison, found)
    line, dot = _named(figure)
    np.testing.assert_allclose(line.y, found[0].curve.precision, rtol=1e-6)
    assert (dot.x[0], dot.y[0]) == (
        comparison.results[0].metrics.sensitivity.value,
        comparison.results[0].metrics.precision.value,
    )
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 2
    assert figure.data[0].y[0] == pytest.approx(comparison.share), "guessing lies on the prevalence"
    assert figure.layout.meta["alt"].startswith("b2 & <i> has the highest AUPRC for <b>tumour</b>, 0.")
    assert str(found[0].area) in line.name


def test_reliability_has_a_step_line_and_the_band_of_a_calibrated_model(comparison: Comparison) -> None:
    found = reliabilities(comparison)
    figure = reliability_figure(comparison, found)
    (line,) = _named(figure)
    np.testing.assert_allclose(line.y, found[0].observed, rtol=1e-6)
    assert "has the smallest miscalibration" in figure.layout.meta["alt"]
    assert figure.layout.xaxis.title.text == "Probability of &lt;b&gt;tumour&lt;/b&gt;"
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 2


def test_scores_add_up_to_each_class_and_the_threshold_stands_in_each_row(comparison: Comparison) -> None:
    bins = score_bins(comparison)
    assert bins.groupby(["run_id", "true_class"])["share"].sum().tolist() == pytest.approx([1] * 4)
    assert bins["patches"].sum() == 2 * comparison.n
    figure = score_figure(comparison, bins)
    assert len(figure.data) == 4
    assert [shape.x0 for shape in figure.layout.shapes] == [0.4, 0.4]
    many = replace(comparison, results=tuple(replace(comparison.results[0], run_id=f"m{i}") for i in range(10)))
    assert len(score_figure(many, score_bins(many)).layout.shapes) == MOST_MODELS
    assert "the first 8 models" in score_figure(many, score_bins(many)).layout.meta["alt"]


def test_decisions_stand_beside_calling_all_and_none(joined) -> None:
    comparison = compare(joined, prevalence=0.2)
    found = decision_curves(comparison)
    figure = decision_curve_figure(comparison, found)
    everyone, nobody = figure.data[:2]
    assert (everyone.name, nobody.name) == ("all positive", "none positive")
    assert everyone.y[9] == pytest.approx(0.2 - 0.8 / 9)
    assert set(nobody.y) == {0}
    (line,) = _named(figure)
    np.testing.assert_allclose(line.y, found[0].curve.net_benefit)
    assert "Prevalence 20%, stated; " in figure.layout.meta["alt"]


def test_refusal_has_dots_where_the_table_is(comparison: Comparison) -> None:
    found = refusals(comparison)
    line, dots = _named(risk_coverage_figure(comparison, found))
    assert line.y[-1] == pytest.approx(found[0].curve.risk[-1])
    assert list(dots.y) == [one.error.value for one in found[0].selected]
    assert "AUGRC" in line.name


@pytest.mark.parametrize("axis", list(AXES))
def test_cost_stands_against_quality_where_it_is_known(comparison: Comparison, axis: str) -> None:
    table = cost_table(comparison, {"a1": RunCost(1000, 10.0, 200.0, "cpu")})
    figure = cost_figure(comparison, table, axis)
    (point,) = figure.data
    assert point.x[0] == table[axis][0]
    assert point.y[0] == comparison.results[0].auroc.value
    empty = cost_figure(comparison, cost_table(comparison, {}), axis)
    assert "on record for none of these models" in empty.layout.meta["alt"]


def test_the_stretch_of_the_roc_is_between_the_thresholds(comparison: Comparison) -> None:
    bands, ranges = roc_bands(comparison), ((0.3, 0.5), (np.nan, np.nan))
    figure = roc_figure(comparison, bands, ranges)
    (stretch,) = [trace for trace in figure.data if "other validation" in str(trace.hovertemplate)]
    y, score = comparison.y_true == 1, comparison.results[0].probabilities[:, 1]
    rates = [(score >= cut)[y].mean() for cut in (0.5, 0.3)]
    assert stretch.y[0] == pytest.approx(rates[0], abs=0.02)
    assert stretch.y[-1] == pytest.approx(rates[1], abs=0.02)
    assert len([trace for trace in figure.data if trace.fill == "toself"]) == 2
    assert threshold_ranges(comparison) == ()


def test_thinning_keeps_ends_and_extremes() -> None:
    y = np.random.default_rng(0).normal(size=50_000)
    kept = thin(y)
    assert len(kept) <= 1000
    assert {0, 49_999, int(y.argmax()), int(y.argmin())} <= set(kept)
    assert list(thin(y[:5])) == [0, 1, 2, 3, 4]
