"""Coarse looks that mirroring and turning only shuffle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn

from histo_core.auditing.dct_signature import (
    SIDE,
    SYMMETRIES,
    invariants,
    signatures,
    structure,
    turned,
    under_symmetries,
)
from histo_core.auditing.pixel_stats import luma


def test_coefficients_are_those_of_scipy(textures: np.ndarray) -> None:
    grey = luma(textures[:3, :40])  # 40 x 64: rows and columns must not be confused
    reference = dctn(grey.astype(np.float64), axes=(1, 2), norm="ortho")[:, :SIDE, :SIDE] / np.sqrt(40 * 64)
    reference[:, 0, 0] /= 2  # the mean counts half
    np.testing.assert_allclose(signatures(grey), reference, atol=1e-3)


def test_signatures_do_not_depend_on_the_size(textures: np.ndarray) -> None:
    grey = luma(textures[:3])
    np.testing.assert_allclose(signatures(grey.repeat(2, 1).repeat(2, 2)), signatures(grey), atol=0.6)


def test_a_patch_of_fewer_pixels_than_coefficients_has_zeros_beyond(textures: np.ndarray) -> None:
    found = signatures(luma(textures[:1, :4, :4]))
    assert not found[:, 4:].any()
    assert not found[:, :, 4:].any()


@pytest.mark.parametrize("symmetry", range(8), ids=SYMMETRIES)
def test_signatures_of_a_turned_patch_are_those_under_the_symmetry(textures: np.ndarray, symmetry: int) -> None:
    images = textures[:2]
    expected = signatures(luma(np.stack([turned(image, symmetry) for image in images])))
    np.testing.assert_allclose(under_symmetries(signatures(luma(images)))[symmetry], expected, atol=1e-3)


def test_the_names_of_the_symmetries_are_right() -> None:
    image = np.arange(6).reshape(2, 3)
    by_name = dict(zip(SYMMETRIES, (turned(image, symmetry) for symmetry in range(8)), strict=True))
    assert by_name["mirrored left to right"].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert by_name["mirrored top to bottom"].tolist() == [[3, 4, 5], [0, 1, 2]]
    np.testing.assert_array_equal(by_name["turned by 180°"], np.rot90(image, 2))
    np.testing.assert_array_equal(by_name["turned by 90° clockwise"], np.rot90(image, -1))
    np.testing.assert_array_equal(by_name["turned by 90° anticlockwise"], np.rot90(image))
    np.testing.assert_array_equal(by_name["mirrored along the diagonal"], image.T)


def test_invariants_are_the_same_for_all_symmetries_and_never_further_apart(textures: np.ndarray) -> None:
    found = signatures(luma(textures))
    ways = under_symmetries(found)
    for way in ways:
        np.testing.assert_allclose(invariants(way), invariants(found), atol=1e-3)
    apart = np.linalg.norm(invariants(found)[:, None] - invariants(found)[None], axis=2)
    best = np.sqrt(np.square(ways[:, :, None] - found[None, None]).sum(axis=(3, 4)).min(axis=0))
    assert (apart <= best + 1e-2).all()


def test_structure_is_the_contrast_of_what_is_kept() -> None:
    wave = np.cos(np.pi * (np.arange(64) + 0.5) / 64) * 10 + 100
    grey = np.broadcast_to(wave, (1, 64, 64)).astype(np.float32)
    assert structure(signatures(grey))[0] == pytest.approx(10 / np.sqrt(2), rel=1e-4)
    assert structure(signatures(np.full((1, 9, 9), 200, np.float32)))[0] == pytest.approx(0, abs=1e-3)
