"""Polygons in links."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.errors import ConfigError
from pages.shared.components.lasso import MOST_CORNERS, Lasso, box, parse, thin


def test_what_is_written_is_read_again() -> None:
    drawn = Lasso("colour", "umap", ((0.5, -1.25), (3.0, 4.0), (1e-4, 2.0)))
    assert parse(str(drawn)) == drawn
    assert str(drawn) == "colour/umap:0.5,-1.25;3,4;0.0001,2"


@pytest.mark.parametrize("extent", [1e-4, 0.03, 5.0, 2e5])
def test_a_corner_moves_by_less_than_a_pixel_however_far_one_has_zoomed_in(extent: float) -> None:
    corners = 12.3456789 + extent * np.random.default_rng(0).random((50, 2))
    read = np.array(parse(str(Lasso("colour", "pca", tuple(map(tuple, corners.tolist()))))).polygon)
    assert np.abs(read - corners).max() < extent / 10_000  # a drawing is at most as wide as a screen


def test_a_long_drawing_is_thinned_and_keeps_its_shape() -> None:
    angles = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    corners = np.array(thin(np.cos(angles), np.sin(angles)))
    assert len(corners) == MOST_CORNERS
    x, y = corners.T
    area = abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2
    assert area == pytest.approx(np.pi, rel=1e-3)
    assert len(str(Lasso("colour", "pca", tuple(map(tuple, corners))))) < 4_000  # a link that browsers take


def test_a_short_drawing_stays_as_it_is() -> None:
    assert thin([0, 1, 1], [0, 0, 1]) == ((0, 0), (1, 0), (1, 1))


def test_a_box_has_four_corners() -> None:
    assert box([0, 2], [1, 3]) == ((0, 1), (2, 1), (2, 3), (0, 3))


@pytest.mark.parametrize(
    "text",
    ["", "colour", "colour/pca:", "colour/pca:0,0;1,1", "colour/tsne:0,0;1,1;0,1", "pca:0,0;1,1;0,1",
     "colour/pca:0,0;1,nan;0,1", "colour/pca:0,0;1,x;0,1", "colour/pca:0,0,0;1,1,1;0,1,2",
     "colour/pca:" + ";".join(["0,0"] * (MOST_CORNERS + 1))],
)  # fmt: skip
def test_a_cut_link_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        parse(text)
