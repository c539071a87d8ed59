"""Tissue made from known stains, so that what is taken apart is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import combine_stains, hed_from_rgb, rgb_from_hed, separate_stains

from histo_core.data.transforms.stain import StainNormaliser, stain_channels
from histo_core.errors import DataError


def tissue(amount: float, seed: int, side: int = 48) -> np.ndarray:
    """Mostly haematoxylin in the left half, mostly eosin in the right one, uint8 [side, side, 3]."""
    stains = np.random.default_rng(seed).uniform(0.03, 0.04, (side, side, 3)) * amount * (1, 1, 0)
    stains[:, : side // 2, 0] *= 3
    stains[:, side // 2 :, 1] *= 3
    return np.rint(combine_stains(stains, rgb_from_hed) * 255).astype(np.uint8)


def test_each_half_shows_its_stain_alone() -> None:
    stains = np.zeros((48, 48, 3))
    stains[:, :24, 0] = stains[:, 24:, 1] = np.random.default_rng(0).uniform(0.05, 0.1, (48, 24))
    image = np.rint(combine_stains(stains, rgb_from_hed) * 255).astype(np.uint8)
    channels = stain_channels(image)
    left, right = np.s_[:, :24], np.s_[:, 24:]
    np.testing.assert_allclose(channels.haematoxylin[left].astype(int), image[left], atol=3)
    np.testing.assert_allclose(channels.eosin[right].astype(int), image[right], atol=3)
    for blank in (channels.haematoxylin[right], channels.eosin[left], channels.residual):
        assert blank.min() > 245
    for pixels in (channels.haematoxylin, channels.eosin, channels.residual):
        assert (pixels.shape, pixels.dtype) == (image.shape, np.uint8)


def test_normalising_brings_the_amounts_of_stain_together() -> None:
    target = tissue(2.0, 0)
    pale, dark = tissue(1.0, 1), tissue(3.0, 2)
    done, failed = StainNormaliser.fit(target).normalise([pale, dark])
    assert not failed.any()

    def amounts(image: np.ndarray) -> np.ndarray:
        return np.percentile(separate_stains(image, hed_from_rgb)[..., :2], 95, axis=(0, 1))

    for image in done:
        np.testing.assert_allclose(amounts(image), amounts(target), rtol=0.12)
    assert not np.allclose(amounts(pale), amounts(target), rtol=0.3)


@pytest.mark.parametrize("value", [0, 120, 255])
def test_a_blank_patch_is_given_back_and_marked(value: int) -> None:
    blank = np.full((48, 48, 3), value, np.uint8)
    normaliser = StainNormaliser.fit(tissue(1.0, 0))
    done, failed = normaliser.normalise([blank, tissue(2.0, 1, side=30)])
    assert failed.tolist() == [True, False]
    np.testing.assert_array_equal(done[0], blank)
    assert done[1].shape == (30, 30, 3)
    with pytest.raises(DataError, match="too little tissue"):
        StainNormaliser.fit(blank)


def test_one_stain_alone_is_not_stretched_into_two() -> None:
    stains = np.random.default_rng(0).uniform(0.05, 0.1, (48, 48, 1)) * (1, 0, 0)
    only = np.rint(combine_stains(stains, rgb_from_hed) * 255).astype(np.uint8)
    done, failed = StainNormaliser.fit(tissue(1.0, 0)).normalise(only[None])
    assert failed.all()
    np.testing.assert_array_equal(done[0], only)


def test_real_patches_are_normalised_the_same_each_time(shared_data: Path) -> None:
    files = sorted((shared_data / "pcam_jpeg" / "train" / "tumor").glob("*.jpg"))[:40]
    images = np.stack([np.asarray(Image.open(file)) for file in files])
    normaliser = StainNormaliser.fit(images[3])
    (first, failed), (second, _) = normaliser.normalise(images), normaliser.normalise(images)
    np.testing.assert_array_equal(np.stack(first), np.stack(second))
    assert failed.sum() <= 2
    before, after = (np.stack(pixels).mean(axis=(1, 2)).std(axis=0).mean() for pixels in (images, first))
    assert after < before  # patches look more alike
