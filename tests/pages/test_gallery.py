"""Contact sheets."""

import io
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from pages.shared.components.contact_sheet import FRAME, GAP, contact_sheet, legend


def test_pixels_of_a_patch_are_what_they_were() -> None:
    patch = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet([patch] * 3, 2, 16, ["#0072B2"] * 3))))
    side = 16 + 2 * FRAME
    assert sheet.shape == (2 * side + GAP, 2 * side + GAP, 4)
    inside = sheet[FRAME : FRAME + 16, FRAME : FRAME + 16, :3]
    np.testing.assert_array_equal(inside[::2, ::2], patch)
    assert tuple(sheet[0, 0]) == (0x00, 0x72, 0xB2, 255)
    assert sheet[-1, -1, 3] == 0  # the fourth place is empty


def test_patches_of_other_shapes_are_fitted() -> None:
    wide = np.zeros((20, 40, 3), np.uint8)
    sheet = np.asarray(Image.open(io.BytesIO(contact_sheet([wide], 1, 20, ["#FFFFFF"]))))
    assert (sheet[..., :3] == 0).all(axis=-1).sum() == 10 * 20


def test_a_legend_shows_names_letter_by_letter() -> None:
    root = ElementTree.fromstring(legend({"<b>&": "#000000", "tumour": "#FFFFFF"}))  # noqa: S314 (our own text)
    assert ["".join(node.itertext()) for node in root] == ["<b>&", "tumour"]
    assert not [node.tag for node in root.iter() if "svg" in node.tag], "Streamlit would remove it without a word"
