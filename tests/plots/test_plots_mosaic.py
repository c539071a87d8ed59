import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from histo_core.errors import ConfigError
from histo_core.plots.mosaic import mosaic_figure
from histo_core.slides.mosaic import Mosaic

BLUE, ORANGE = "#0072B2", "#E69F00"
COLOURS = {"normal": BLUE, "<b>tumour</b>": ORANGE}
NAMES = ["normal", *["<b>tumour</b>"] * 2]


@pytest.fixture
def mosaic() -> Mosaic:
    """Two patches of 40 x 40 pixels drawn at half their size, and one too small for a frame."""
    boxes = np.array([[0, 0, 20, 20], [30, 20, 20, 20], [0, 55, 5, 5]])
    return Mosaic(np.full((50, 60, 3), 240, np.uint8), 0.5, np.array([7, 3, 9]), boxes, "<i>s</i>")


def pictures(figure) -> list[np.ndarray]:
    sources = [image["source"].split(",")[1] for image in figure.to_dict()["layout"]["images"]]
    return [np.asarray(Image.open(BytesIO(base64.b64decode(source)))) for source in sources]


def test_boxes_are_filled_and_framed_over_the_tissue(mosaic: Mosaic) -> None:
    figure = mosaic_figure(mosaic, NAMES, COLOURS, 0.4)
    tissue, overlay = pictures(figure)
    # plotly.js draws one image of those that agree in these, and it drew the tissue alone
    drawn = {(image["layer"], image["x"], image["y"]) for image in figure.to_dict()["layout"]["images"]}
    assert len(drawn) == 2
    assert tissue.shape == (50, 60, 3)
    assert overlay[10, 10].tolist() == [0x00, 0x72, 0xB2, 102]
    assert overlay[0, 0].tolist() == [0x00, 0x72, 0xB2, 255]
    assert overlay[31, 39].tolist() == [0xE6, 0x9F, 0x00, 255]
    assert overlay[0, 55].tolist() == [0xE6, 0x9F, 0x00, 102]
    assert overlay[25, 5, 3] == 0
    assert figure.to_dict()["layout"]["meta"]["alt"] == "3 patches of slide <i>s</i>, where they sat."
    assert [trace.name for trace in figure.data[1:]] == ["normal", "&lt;b&gt;tumour&lt;/b&gt;"]


def test_each_patch_can_be_pointed_at(mosaic: Mosaic) -> None:
    points = mosaic_figure(mosaic, NAMES, COLOURS).data[0]
    assert np.asarray(points.customdata).tolist() == [7, 3, 9]
    assert np.asarray(points.x).tolist() == [20, 60, 115]
    assert np.asarray(points.y).tolist() == [20, 80, 5]
    assert list(points.text) == ["normal", *["&lt;b&gt;tumour&lt;/b&gt;"] * 2]
    assert points.marker.opacity == 0


def test_a_part_keeps_its_place_on_the_slide(mosaic: Mosaic) -> None:
    figure = mosaic_figure(replace(mosaic, corner=(1000, 2000), outside=4, unread=1), NAMES, COLOURS)
    assert np.asarray(figure.data[0].x).tolist() == [2020, 2060, 2115]
    assert np.asarray(figure.data[0].y).tolist() == [1020, 1080, 1005]
    layout = figure.to_dict()["layout"]
    assert {(image["x"], image["y"]) for image in layout["images"]} == {(2000, 1000)}
    assert (layout["xaxis"]["range"], layout["yaxis"]["range"]) == ([2000, 2120], [1100, 1000])
    assert layout["meta"]["alt"].endswith("; 4 lie outside this part; 1 cannot be read.")


def test_classes_that_share_a_colour_keep_their_names_and_no_label_is_grey(mosaic: Mosaic) -> None:
    figure = mosaic_figure(mosaic, ["first", "eleventh", "no label"], {"first": BLUE, "eleventh": BLUE}, 1)
    assert list(figure.data[0].text) == ["first", "eleventh", "no label"]
    _, overlay = pictures(figure)
    assert overlay[2, 57].tolist() == [0x80, 0x80, 0x80, 255]


def test_wrong_names_and_opacity_are_refused(mosaic: Mosaic) -> None:
    with pytest.raises(ConfigError, match="2 names for 3 patches"):
        mosaic_figure(mosaic, NAMES[:2], COLOURS)
    with pytest.raises(ConfigError, match=r"opacity = 1\.5"):
        mosaic_figure(mosaic, NAMES, COLOURS, 1.5)
