from dataclasses import replace

import numpy as np
import pytest
from plotly.colors import sample_colorscale
from skimage.color import rgb2xyz

from histo_core.plots.confusion import SHARES, MatrixView, confusion_figure, confusion_table, difference_figure


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
    assert layout["meta"]["alt"] == f"{result.name} calls {np.trace(counts)} of 400 patches rightly."


def test_a_class_without_samples_is_an_empty_row(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[0, 0], [1, 3000]]))
    cells = confusion_figure(result, comparison.classes).data[0]
    assert list(cells.text[0]) == ["0<br>0.0%", "0<br>0.0%"]
    assert cells.text[1][1] == "3,000<br>100.0%"


def test_of_many_classes_a_cell_shows_its_count_and_tells_its_share_when_pointed_at(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[3, 1] + [0] * 11] + [[0] * 12 + [1200]] * 12))
    cells, texts = confusion_figure(result, [f"class {i}" for i in range(13)]).data
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


@pytest.mark.parametrize(("share", "axis"), [("row", 1), ("column", 0), ("all", None)])
def test_shares_are_of_rows_columns_or_all(comparison, share, axis) -> None:
    result = comparison.results[0]
    figure = confusion_figure(result, comparison.classes, MatrixView(share))
    counts = result.confusion
    np.testing.assert_allclose(figure.data[0].z, counts / counts.sum(axis=axis, keepdims=True))
    assert SHARES[share] in figure.data[1].hovertemplate


def test_without_the_diagonal_the_shades_span_the_errors(comparison) -> None:
    result = replace(comparison.results[0], confusion=np.array([[990, 10], [1, 99]]))
    cells, texts = confusion_figure(result, comparison.classes, MatrixView(diagonal=False)).data
    assert np.isnan(np.diag(cells.z)).all()
    assert cells.zmax == 0.01
    assert [text == "" for text in texts.text] == [True, False, False, True]


def test_a_difference_says_who_has_more(comparison) -> None:
    first, other = comparison.results
    figure = difference_figure(other, first, comparison.classes)
    counts = other.confusion - first.confusion
    assert figure.data[1].text[0].startswith(f"{counts[0, 0]:+,}<br>")
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-figure.data[0].zmax, figure.data[0].zmax)
    more = int(np.trace(counts))
    assert figure.layout.meta["alt"] == (
        f"{other.name} minus {first.name}: {abs(more)} {'more' if more >= 0 else 'fewer'} patches called rightly."
    )
    same = difference_figure(first, first, comparison.classes)
    assert same.data[1].text[0] == "+0<br>+0.0 pts"


def test_long_names_take_two_lines_and_stay_whole_where_a_cell_is_pointed_at(comparison) -> None:
    name = "mucinous carcinoma of the very rare kind with <b>signs</b>"
    figure = confusion_figure(comparison.results[0], [name, "x" * 60])
    assert figure.data[0].x[0] == "mucinous carcinoma of the very rare kind with &lt;b&gt;signs&lt;/b&gt;"
    ticks = figure.layout.xaxis.ticktext
    assert ticks[0] == "mucinous carcinoma<br>of the very rare…"
    assert all(len(line) <= 18 for tick in ticks for line in tick.split("<br>"))
