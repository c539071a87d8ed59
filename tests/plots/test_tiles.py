"""Tiles over an image: frames in the classes' colours, doubted tiles grey."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor

from histo_core.plots.theme import class_colours
from histo_core.plots.tiles import GREY, VEIL, tile_picture
from histo_core.prediction.doubts import Doubt
from histo_core.prediction.image_answer import ImageAnswer


def test_frames_have_the_colours_of_the_classes_and_tissue_keeps_its_own() -> None:
    image = np.full((200, 300, 3), (200, 100, 150), np.uint8)
    corners = np.array([[x, y] for y in (0, 100) for x in (0, 100, 200)])
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9]] * 3)
    doubts = ((), (), (), (), (Doubt("blank", "a", "b"),), ())
    answer = ImageAnswer((200, 300), (100, 100), corners, ("normal", "tumour"), probabilities, (), doubts, ())
    found = tile_picture(image, answer, chosen=5, longest=600)
    assert found.shape == (400, 600, 3)
    colours = class_colours(answer.classes)
    for number, name in ((0, "normal"), (1, "tumour"), (2, "normal"), (3, "tumour")):
        x, y = corners[number] * 2
        assert tuple(found[y, x]) == ImageColor.getrgb(colours[name])
        assert tuple(found[y + 100, x + 100]) == (200, 100, 150)
    expected = np.array([200, 100, 150]) * (1 - VEIL) + np.array(ImageColor.getrgb(GREY)) * VEIL
    np.testing.assert_allclose(found[300, 300], expected, atol=1)
    assert tuple(found[200, 400]) == (0, 0, 0)
    assert tuple(found[300, 500]) == (200, 100, 150)
