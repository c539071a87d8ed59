import numpy as np
import pytest
from skimage.measure import points_in_poly

from histo_core.auditing.embedding.layout import inside
from histo_core.errors import ConfigError


def star(corners: int, seed: int = 0) -> np.ndarray:
    """A lasso as a hand draws it: a wobbling round of many corners."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = 0.5 + 0.4 * rng.random(corners)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


@pytest.mark.parametrize("corners", [3, 4, 57, 400])
def test_the_same_points_as_scikit_image_finds(corners: int) -> None:
    points = np.random.default_rng(1).uniform(-1, 1, (5000, 2))
    polygon = star(corners, corners)
    found = inside(points, polygon)
    np.testing.assert_array_equal(found, points_in_poly(points, polygon))
    assert 0 < found.sum() < len(points)


def test_what_a_lasso_crosses_twice_is_outside() -> None:
    hourglass = np.array([[0, 0], [2, 0], [0, 2], [2, 2]])
    points = np.array([[1, 0.5], [1, 1.5], [0.2, 1], [1.8, 1]])
    assert inside(points, hourglass).tolist() == [True, True, False, False]


def test_tiles_that_share_an_edge_share_no_point() -> None:
    points = np.stack(np.meshgrid(np.arange(9), np.arange(9)), axis=-1).reshape(-1, 2) / 4.0
    tiles = [np.array([[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]) for x in (0, 1) for y in (0, 1)]
    times = np.sum([inside(points, tile) for tile in tiles], axis=0)
    assert times.max() == 1
    assert times.sum() == 8 * 8


def test_points_that_are_no_numbers_are_outside() -> None:
    points = np.array([[np.nan, 0.5], [0.5, np.inf], [0.5, 0.5]], np.float32)
    assert inside(points, np.array([[0, 0], [1, 0], [1, 1], [0, 1]])).tolist() == [False, False, True]


@pytest.mark.parametrize("polygon", [np.zeros((2, 2)), np.zeros((0, 2)), np.zeros((4, 3)), np.full((3, 2), np.nan)])
def test_no_polygon_is_refused(polygon: np.ndarray) -> None:
    with pytest.raises(ConfigError, match="At least three"):
        inside(np.zeros((1, 2)), polygon)
