"""Hue, saturation and density of tissue, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.auditing.tissue_colour import tissue_colour


def patch(density: tuple[float, float, float]) -> np.ndarray:
    """A uniform patch of given optical densities of red, green and blue."""
    levels = np.round(256 * 10.0 ** -np.array(density) - 1)
    return np.tile(levels.astype(np.uint8), (40, 40, 1))


def test_a_uniform_patch_by_hand() -> None:
    found = tissue_colour(patch((0.2, 0.6, 0.4)))
    assert found is not None
    expected = [0.2 / 0.4 - 1, (0.6 - 0.4) / (3**0.5 * 0.4), np.log(0.4)]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_more_of_the_same_stain_changes_the_density_alone() -> None:
    thin, thick = tissue_colour(patch((0.15, 0.45, 0.3))), tissue_colour(patch((0.3, 0.9, 0.6)))
    assert thin is not None
    assert thick is not None
    np.testing.assert_allclose(thin[:2], thick[:2], atol=0.02)
    assert thick[2] - thin[2] == pytest.approx(np.log(2), abs=0.02)


def test_glass_is_left_out_and_alone_has_no_colour() -> None:
    tissue = patch((0.2, 0.6, 0.4))
    half = tissue.copy()
    half[:20] = 255
    np.testing.assert_allclose(tissue_colour(half), tissue_colour(tissue))
    assert tissue_colour(np.full((40, 40, 3), 255, np.uint8)) is None
