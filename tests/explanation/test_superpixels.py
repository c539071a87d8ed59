"""Superpixels: never too few, numbered without gaps."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label

from histo_core.errors import ExplanationError
from histo_core.explanation.superpixels import FEWEST, grid, superpixels


def assert_numbered(labels: np.ndarray, shape: tuple[int, int]) -> None:
    assert labels.shape == shape
    assert labels.dtype == np.int64
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert labels.max() + 1 >= FEWEST


def test_of_an_image_with_structure(image: np.ndarray) -> None:
    labels = superpixels(image, 36)
    assert_numbered(labels, (48, 40))
    assert 18 <= labels.max() + 1 <= 72
    for number in range(labels.max() + 1):
        assert label(labels == number, connectivity=1).max() == 1, "each superpixel is in one piece"


@pytest.mark.parametrize("shape", [(8, 8), (32, 32), (3, 40), (100, 7)])
@pytest.mark.parametrize("kind", ["flat", "noise", "stripe"])
def test_of_hard_images(shape: tuple[int, int], kind: str) -> None:
    image = np.full((*shape, 3), 200, np.uint8)
    if kind == "noise":
        image = np.random.default_rng(0).integers(0, 256, image.shape, np.uint8)
    if kind == "stripe":
        image[:, ::2] = 0
    assert_numbered(superpixels(image, 36), shape)


def test_twice_the_same(image: np.ndarray) -> None:
    np.testing.assert_array_equal(superpixels(image, 50), superpixels(image, 50))


def test_too_small_an_image_is_refused() -> None:
    with pytest.raises(ExplanationError, match="sees 7 x 9 pixels"):
        superpixels(np.zeros((9, 7, 3), np.uint8), 36)


def test_the_grid_by_hand() -> None:
    assert grid(2, 4, 4).tolist() == [[0, 1, 2, 3], [0, 1, 2, 3]]
    assert grid(4, 4, 4).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]


@pytest.mark.parametrize("shape", [(8, 8), (5, 30), (64, 1), (97, 41)])
def test_the_grid_has_enough_cells(shape: tuple[int, int]) -> None:
    labels = grid(*shape, 16)
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert labels.max() + 1 >= 16
