import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import ImageColor
from skimage.color import deltaE_ciede2000, rgb2lab

from histo_core.plots.theme import OKABE_ITO, PALETTE, class_colours, class_symbol, label, model_line, new_figure

# Machado, Oliveira and Fernandes (2009), severity 1: what linear RGB becomes to an eye without one kind of cone.
EYES = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def test_a_class_keeps_its_colour() -> None:
    assert class_colours(("normal", "tumour")) == {"normal": OKABE_ITO[0], "tumour": OKABE_ITO[1]}
    assert len(set(class_colours([str(i) for i in range(10)]).values())) == 10


@pytest.mark.parametrize("eye", EYES)
def test_every_eye_tells_ten_classes_apart(eye: str) -> None:
    srgb = np.array([ImageColor.getrgb(colour) for colour in PALETTE]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(EYES[eye]), 0, 1)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen[None])[0]
    apart = deltaE_ciede2000(lab[:, None], lab[None])
    assert apart[np.triu_indices(len(PALETTE), 1)].min() > 10


def test_classes_of_one_colour_have_other_symbols() -> None:
    classes = [str(i) for i in range(25)]
    looks = {(colour, class_symbol(i)) for i, colour in enumerate(class_colours(classes).values())}
    assert len(looks) == 25


def test_sixteen_models_have_lines_of_their_own() -> None:
    assert len({tuple(model_line(i).values()) for i in range(16)}) == 16


def test_names_are_shown_letter_by_letter() -> None:
    assert label('<a href="x">&') == '&lt;a href="x"&gt;&amp;'


def test_the_page_decides_text_and_background() -> None:
    layout = new_figure("A sentence.", "key").to_dict()["layout"]
    assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert "font" not in layout
    assert layout["uirevision"] == "key"
    assert layout["meta"] == {"alt": "A sentence."}


def test_a_long_title_is_broken_and_gets_room() -> None:
    def height(figure: go.Figure) -> int:
        return figure.to_dict()["layout"]["height"]

    long = new_figure("<b> " * 40, "key")
    text = long.to_dict()["layout"]["title"]["text"]
    assert "<br>" in text
    assert "<b>" not in text
    assert height(long) > height(new_figure("short", "key"))
    assert height(new_figure("short", "key", legend=3)) > height(new_figure("short", "key"))
