"""Tile corners, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.data.tiling import tile_grid
from histo_core.errors import ConfigError


def test_an_exact_fit_has_no_extra_tile() -> None:
    grid = tile_grid(6, 4, 2)
    assert grid.dtype == np.int64
    assert grid.tolist() == [[0, 0], [2, 0], [4, 0], [0, 2], [2, 2], [4, 2]]


def test_a_strip_at_the_edge_gets_a_tile_flush_with_it() -> None:
    assert tile_grid(7, 5, 3).tolist() == [[0, 0], [3, 0], [4, 0], [0, 2], [3, 2], [4, 2]]


def test_overlapping_tiles() -> None:
    assert tile_grid(8, 4, 4, 2).tolist() == [[0, 0], [2, 0], [4, 0]]


def test_a_stride_above_the_tile_leaves_gaps_but_reaches_the_edge() -> None:
    assert tile_grid(11, 2, 2, 5).tolist() == [[0, 0], [5, 0], [9, 0]]


def test_an_image_of_one_tile() -> None:
    assert tile_grid(3, 3, 3).tolist() == [[0, 0]]


@pytest.mark.parametrize(("width", "height", "tile", "stride"), [(97, 41, 16, 16), (97, 41, 16, 7), (33, 33, 32, 32)])
def test_every_pixel_is_covered_and_every_tile_inside(width: int, height: int, tile: int, stride: int) -> None:
    covered = np.zeros((height, width), bool)
    grid = tile_grid(width, height, tile, stride)
    for x, y in grid:
        assert x + tile <= width
        assert y + tile <= height
        covered[y : y + tile, x : x + tile] = True
    assert covered.all()
    assert len(np.unique(grid, axis=0)) == len(grid)


@pytest.mark.parametrize(
    ("arguments", "name"), [((0, 5, 2), "width"), ((5, -1, 2), "height"), ((5, 5, 0), "tile"), ((5, 5, 2, 0), "stride")]
)
def test_lengths_below_one_are_refused(arguments: tuple[int, ...], name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} = "):
        tile_grid(*arguments)


def test_a_tile_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ConfigError, match="At most 4, the shorter side"):
        tile_grid(9, 4, 5)


def test_tiles_need_not_be_square() -> None:
    assert tile_grid(7, 5, (3, 2)).tolist() == [[x, y] for y in (0, 2, 3) for x in (0, 3, 4)]
    with pytest.raises(ConfigError, match=r"3 x 6 pixels was asked of an image of 7 x 5 pixels\. No side"):
        tile_grid(7, 5, (3, 6))
