from dataclasses import replace

import numpy as np
import pytest

from histo_core.comparison.compare import compare
from histo_core.evaluation.roc import RocCurve, roc_curve
from histo_core.plots.roc import roc_figure, thinned


def test_one_line_and_one_operating_point_a_model(comparison) -> None:
    figure = roc_figure(comparison)
    chance, *traces = figure.data
    assert (chance.x, chance.y) == ((0, 1), (0, 1))
    for result, line, point in zip(comparison.results, traces[::2], traces[1::2], strict=True):
        np.testing.assert_allclose(line.x, result.roc.fpr, rtol=1e-6)
        np.testing.assert_allclose(line.y, result.roc.tpr, rtol=1e-6)
        assert line.name == f"{result.name}: {result.auroc}".replace("&", "&amp;").replace("<i>", "&lt;i&gt;")
        assert point.x[0] == pytest.approx(1 - result.metrics.specificity.value)
        assert point.y[0] == pytest.approx(result.metrics.sensitivity.value)
        assert str(result.metrics.sensitivity) in point.hovertemplate
        assert "threshold 0.4" in point.hovertemplate
        on_curve = np.abs(result.roc.fpr - point.x[0]) + np.abs(
            np.interp(point.x[0], result.roc.fpr, result.roc.tpr) - point.y[0]
        )
        assert on_curve.min() < 0.05


def test_the_zoom_survives_the_threshold_and_axes_are_alike(joined) -> None:
    layouts = [roc_figure(compare(joined, threshold=t)).to_dict()["layout"] for t in (0.2, 0.8)]
    assert layouts[0]["uirevision"] == layouts[1]["uirevision"]
    assert layouts[0]["height"] == layouts[1]["height"]
    assert (layouts[0]["yaxis"]["scaleanchor"], layouts[0]["yaxis"]["scaleratio"]) == ("x", 1)


def test_the_title_names_the_best_and_no_reference(joined) -> None:
    def title(**options) -> str:
        return roc_figure(compare(joined, **options)).to_dict()["layout"]["meta"]["alt"]

    assert title().startswith("b2 & <i> has the highest AUROC for <b>tumour</b>: 0.")
    assert title(reference="b2").startswith("a1 & <i> reaches an AUROC for")


def test_one_class_says_why_there_is_no_curve(joined) -> None:
    figure = roc_figure(compare(replace(joined, y_true=np.ones(400, np.int64))))
    assert len(figure.data) == 1
    assert figure.layout.annotations[0].text == "A curve needs samples of &lt;b&gt;tumour&lt;/b&gt; and others."


def test_a_long_curve_is_thinned_without_changing_its_shape() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60_000)
    whole = roc_curve(y, rng.normal(size=60_000) + y)
    few = thinned(whole)
    assert len(whole.fpr) > 10_000
    assert len(few.fpr) <= 2000
    assert (few.fpr[[0, -1]] == [0, 1]).all()
    assert np.isin(few.thresholds, whole.thresholds).all()
    # Distance along the diagonal between the two drawn lines, on the axis where both are functions: fpr - tpr.
    along, across = whole.fpr + whole.tpr, whole.tpr - whole.fpr
    drawn = np.interp(along, few.fpr + few.tpr, few.tpr - few.fpr)
    assert np.abs(drawn - across).max() / 2 < 0.001
    short = RocCurve(np.array([0.0, 1]), np.array([0.0, 1]), np.array([np.inf, 0]))
    assert thinned(short) is short
