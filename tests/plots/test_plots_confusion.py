from dataclasses import replace

import numpy as np
import pytest
from plotly.colors import sample_colorscale
from skimage.color import rgb2xyz

from histo_core.plots.confusion import confusion_figure, confusion_table


def test_cells_hold_counts_and_the_share_of_the_true_class(comparison) -> None:
    result = comparison.results[1]
    figure = confusion_figure(result, comparison.classes)
    cells = figure.data[0]
    counts = result.confusion
    np.testing.assert_allclose(cells.z, counts / counts.sum(axis=1, keepdims=True))
    assert figure.data[1].mode == "markers+text"
    assert list(figure.data[1].text) == [text for row in cells.text for text in row]
    assert np.array(figure.data[1].customdata).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
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


def test_of_many_classes_a_cell_shows_its_count_and_tells_its_share_when_pointed_at(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[3, 1] + [0] * 6] + [[0] * 7 + [1200]] * 7))
    cells, texts = confusion_figure(result, [f"class {i}" for i in range(8)]).data
    assert list(texts.text[:3]) == ["3", "1", "0"]
    assert texts.text[-1] == "1,200"
    assert cells.text[0][0] == texts.hovertext[0] == "3<br>75.0%"


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


def test_text_can_be_read_on_every_shade(comparison) -> None:
    """WCAG 2 asks for a contrast of 4.5; luminance by scikit-image's conversion."""
    shares = np.linspace(0, 1, 101)
    counts = np.stack([shares, 1 - shares], axis=1) * 1000
    for row in counts.round().astype(np.int64):
        figure = confusion_figure(replace(comparison.results[0], confusion=np.array([row, row])), comparison.classes)
        for share, colour in zip(figure.data[0].z.ravel(), figure.data[1].textfont.color, strict=True):
            shade = sample_colorscale([list(stop) for stop in figure.data[0].colorscale], [share], colortype="tuple")[0]
            light, dark = luminance(shade), {"black": 0.0, "white": 1.0}[colour]
            assert (max(light, dark) + 0.05) / (min(light, dark) + 0.05) >= 4.5


def luminance(shade: tuple[float, float, float]) -> float:
    """Relative luminance, the Y of XYZ."""
    return float(rgb2xyz(np.array(shade)[None, None])[0, 0, 1])
