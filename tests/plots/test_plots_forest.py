import numpy as np
import pandas as pd
import pytest

from histo_core.comparison.results import Comparison
from histo_core.comparison.slices import ALL, METRICS, slices
from histo_core.plots.forest import forest_figure


@pytest.fixture
def facts(comparison: Comparison) -> pd.DataFrame:
    side = np.where(np.arange(comparison.n) % 2, "<i>left</i>", "right").astype(object)
    return pd.DataFrame({"side": side, "patient_id": np.asarray(comparison.groups).astype(str)}, dtype=object)


@pytest.mark.parametrize("metric", METRICS)
def test_a_row_is_a_slice_and_the_last_one_all(comparison: Comparison, facts: pd.DataFrame, metric: str) -> None:
    found = slices(comparison, facts, "side")
    figure = forest_figure(found, metric)
    rows = [*found.slices, found.whole]
    for trace, result in zip(figure.data, comparison.results, strict=True):
        known = [one.metrics[result.run_id][metric] for one in rows]
        np.testing.assert_allclose(trace.x, [one.value for one in known])
        np.testing.assert_allclose(trace.x + trace.error_x.array, [one.high for one in known])
        np.testing.assert_allclose(trace.x - trace.error_x.arrayminus, [one.low for one in known])
        assert [one[0] for one in trace.customdata] == ["<i>left</i>", "right", ALL]
        assert np.round(trace.y).astype(int).tolist() == [0, 1, 2]
        assert trace.text[0].startswith("&lt;i&gt;left&lt;/i&gt;: ")
    layout = figure.to_dict()["layout"]
    assert layout["yaxis"]["ticktext"][0] == "&lt;i&gt;left&lt;/i&gt; (200)"
    assert METRICS[metric] in layout["meta"]["alt"]


def test_a_slice_without_an_interval_is_a_point_alone(comparison: Comparison, facts: pd.DataFrame) -> None:
    figure = forest_figure(slices(comparison, facts, "patient_id"), "accuracy")
    assert not np.any(figure.data[0].error_x.array[:-1])
    assert "no interval" in figure.data[0].text[0]


def test_a_metric_that_is_nowhere_defined_is_said(comparison: Comparison) -> None:
    label = pd.DataFrame({"subtype": comparison.y_true.astype(str)}, dtype=object)
    figure = forest_figure(slices(comparison, label, "subtype"), "auroc")
    assert "not defined in any slice" in figure.to_dict()["layout"]["meta"]["alt"]
