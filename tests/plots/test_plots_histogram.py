import numpy as np

from histo_core.data.patch_facts import histogram
from histo_core.plots.histogram import histogram_figure


def test_three_lines_and_the_means_in_words() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 0], image[..., 1] = 200, 100
    figure = histogram_figure(histogram(image))
    assert [trace.name for trace in figure.data] == ["red", "green", "blue"]
    assert [int(np.argmax(trace.y)) for trace in figure.data] == [200, 100, 0]
    assert figure.to_dict()["layout"]["meta"]["alt"] == "Mean brightness of 255: red 200, green 100, blue 0."
