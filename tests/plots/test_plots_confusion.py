from dataclasses import replace

import numpy as np
import pytest

from histo_core.plots.confusion import confusion_figure, confusion_table


def test_cells_hold_counts_and_the_share_of_the_true_class(comparison) -> None:
    result = comparison.results[1]
    figure = confusion_figure(result, comparison.classes)
    cells = figure.data[0]
    counts = result.confusion
    np.testing.assert_allclose(cells.z, counts / counts.sum(axis=1, keepdims=True))
    assert cells.text[0][1] == f"{counts[0, 1]}<br>{counts[0, 1] / counts[0].sum():.1%}"
    assert (cells.zmin, cells.zmax) == (0, 1)
    assert list(cells.x) == list(cells.y) == ["normal", "&lt;b&gt;tumour&lt;/b&gt;"]
    layout = figure.to_dict()["layout"]
    assert layout["yaxis"]["autorange"] == "reversed"
    assert layout["meta"]["alt"] == f"{result.name} is right about {np.trace(counts)} of 400 patches."


def test_a_class_without_samples_is_an_empty_row(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[0, 0], [1, 3000]]))
    cells = confusion_figure(result, comparison.classes).data[0]
    assert list(cells.text[0]) == ["0<br>0.0%", "0<br>0.0%"]
    assert cells.text[1][1] == "3,000<br>100.0%"


def test_the_file_has_a_row_for_each_true_class(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[5, 1], [2, 3]]))
    assert confusion_table(result, ["=a", "b"]).to_dict("list") == {
        "true class": ["=a", "b"],
        "predicted =a": [5, 2],
        "predicted b": [1, 3],
    }


@pytest.mark.parametrize("k", [2, 9, 40])
def test_many_classes_stay_on_one_screen(comparison, k: int) -> None:
    result = replace(comparison.results[0], confusion=np.eye(k, dtype=np.int64))
    height = confusion_figure(result, [f"class {i}" for i in range(k)]).to_dict()["layout"]["height"]
    assert 300 < height <= 620
