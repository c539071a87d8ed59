import numpy as np
import pytest
from skimage.color import rgb2hed

from histo_core.auditing.embedding.descriptor import COLOUR_BINS, LAGS, RINGS, WIDTH, describe_patches


@pytest.fixture
def patches() -> np.ndarray:
    """Smooth coloured noise in the colours of tissue, uint8 [6, 50, 50, 3]."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(90, 250, (6, 10, 10, 3)).repeat(5, axis=1).repeat(5, axis=2)
    return (coarse - rng.integers(0, 20, (6, 50, 50, 1))).clip(0, 255).astype(np.uint8)


def test_turning_and_mirroring_change_nothing(patches: np.ndarray) -> None:
    expected = describe_patches(patches)
    assert expected.shape == (6, WIDTH)
    assert expected.dtype == np.float32
    for turns in range(4):
        turned = np.rot90(patches, turns, axes=(1, 2))
        np.testing.assert_array_equal(describe_patches(turned), expected)
        np.testing.assert_array_equal(describe_patches(turned[:, :, ::-1]), expected)


def test_histograms_are_numpys(patches: np.ndarray) -> None:
    image = patches[0]
    found = describe_patches(patches[:1])[0, : 5 * COLOUR_BINS].reshape(5, COLOUR_BINS)
    np.testing.assert_allclose((found**2).sum(axis=1), 1, rtol=1e-6)
    for channel in range(3):
        counts, _ = np.histogram(image[..., channel], COLOUR_BINS, (0, 256))
        np.testing.assert_allclose(found[channel] ** 2, counts / image[..., 0].size, rtol=1e-5)
    stains = (rgb2hed(image)[..., :2] / 0.25 * 255).clip(0, 255).astype(np.uint8)
    for stain in range(2):
        counts, _ = np.histogram(stains[..., stain], COLOUR_BINS, (0, 256))
        # A pixel on the border of two bins may fall into either: we sum in float32, the reference in float64.
        np.testing.assert_allclose(found[3 + stain] ** 2, counts / image[..., 0].size, atol=2e-3)


def test_textures_and_rings_by_hand() -> None:
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[::2] = 255  # rows differ by 255 at odd distances; columns never
    found = describe_patches(stripes[None])[0]
    luminance = found[5 * COLOUR_BINS :][: len(LAGS)]
    np.testing.assert_allclose(luminance, [2 * 0.5, 0, 0, 0, 0, 0], atol=1e-6)
    centre = np.full((8, 8, 3), 255, np.uint8)
    centre[3:5, 3:5] = (60, 30, 120)
    haematoxylin = describe_patches(centre[None])[0][-2 * RINGS : -RINGS]
    assert haematoxylin[:3].tolist() == [0, 0, 0]
    assert haematoxylin[3] > 0.1


def test_patches_of_several_sizes_and_the_smallest(patches: np.ndarray) -> None:
    mixed = [patches[0], patches[1][:20, :31], patches[2][:1, :1], patches[3]]
    found = describe_patches(mixed)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[[0, 3]], describe_patches(patches)[[0, 3]])
    assert describe_patches(patches[:0]).shape == (0, WIDTH)
