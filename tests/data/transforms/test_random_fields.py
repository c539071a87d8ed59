"""Displacements, dropped pixels and blur against SciPy and the generator written in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment import kernel, torch_backend
from histo_core.data.transforms.augment.draw import draw
from histo_core.data.transforms.augment.elastic_fields import displacements, dropped
from histo_core.data.transforms.augment.gaussian_kernel import smoothed
from histo_core.data.transforms.augment.preview import augment
from histo_core.data.transforms.augment.rng import keys, uniform

RNG = np.random.default_rng(0)
SAMPLES = np.array([3, 9, 1_000_000])
KEYS = keys(7, 2, SAMPLES)


@pytest.mark.parametrize("width", [1.0, 2.6, 9.0])
def test_displacements_are_smoothed_noise_of_the_strength_asked_for(width: float) -> None:
    """SciPy's Gaussian over the noise as the generator counts it; the widest one goes round more than once."""
    strengths = np.array([1.5, 0.0, 4.0])
    fields = displacements(KEYS, (20, 26), strengths, width)
    assert fields.dtype == np.float32
    assert (fields[1] == 0).all()
    numbers = (uniform(7, 2, SAMPLES, 20 * 26, first=1 << 32) * 2**53).astype(np.uint64) << np.uint64(11)
    for row in (0, 2):
        # Of 64 bits 11 are lost in `uniform`: less than float32 tells apart, but for the lower half.
        upper = (numbers[row] >> np.uint64(32)).astype(float) / 2**31 - 1
        lower = (numbers[row] & np.uint64(0xFFFFFFFF)).astype(float) / 2**31 - 1
        for axis, noise in enumerate((upper, lower)):
            smooth = gaussian_filter(noise.reshape(20, 26), width, mode="wrap", truncate=3)
            ratio = fields[row, ..., axis] / smooth
            assert np.median(ratio) * smooth == pytest.approx(fields[row, ..., axis], abs=1e-4)
        assert np.sqrt((fields[row] ** 2).mean()) == pytest.approx(strengths[row], rel=1e-5)


def test_a_pixel_is_dropped_when_its_number_is_below_the_share() -> None:
    shares = np.array([0.0, 0.3, 1.0])
    expected = uniform(7, 2, SAMPLES, 20 * 26, first=1 << 33) < shares[:, None]
    np.testing.assert_array_equal(dropped(KEYS, (20, 26), shares).reshape(3, -1), expected)


def test_dropped_pixels_are_black_whatever_the_colours() -> None:
    config = AugmentConfig(flips=False, quarter_turns=False, jitter=0.5, pixel_dropout=0.4)
    light = np.full((200, 16, 16, 3), 200, np.uint8)
    black = (augment(light, config, seed=0, epoch=0, samples=np.arange(200)) == 0).all(axis=-1).mean(axis=(1, 2))
    assert black.max() == pytest.approx(0.4, abs=0.08)
    assert black.mean() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_blur_is_scipys_gaussian(kind: type) -> None:
    """The last one reaches over the patch's side and is mirrored more than once."""
    batch = RNG.integers(0, 256, (4, 13, 19, 3)).astype(kind)
    deviations = np.array([0.0, 0.7, 2.2, 8.0], np.float32)
    ours = smoothed(batch.copy(), deviations, "mirror")
    np.testing.assert_array_equal(ours[0], batch[0])
    for result, patch, deviation in zip(ours[1:], batch[1:], deviations[1:], strict=True):
        expected = gaussian_filter(patch.astype(float), (deviation, deviation, 0), mode="reflect", truncate=3)
        np.testing.assert_allclose(result, expected, atol=1e-3)


def test_blur_comes_for_its_share_and_up_to_its_width() -> None:
    config = AugmentConfig(blur=2, blur_chance=0.25)
    blur = draw(config, (8, 8), seed=0, epoch=0, samples=np.arange(4000)).blur
    assert blur is not None
    assert (blur > 0).mean() == pytest.approx(0.25, abs=0.03)
    assert blur.max() == pytest.approx(2, abs=0.01)


def test_plain_torch_gives_the_same_pixels() -> None:
    batch = RNG.integers(0, 256, (16, 21, 21, 3), dtype=np.uint8)
    config = AugmentConfig(jitter=0.3, blur=4, blur_chance=0.7, pixel_dropout=0.2)
    changes = draw(config, (21, 21), seed=1, epoch=3, samples=np.arange(16))
    normalise = {"mean": (170, 130, 180), "spread": (50, 60, 40)}
    ours = kernel.change(batch, changes, **normalise)
    plain = torch_backend.change(torch.from_numpy(batch), changes, **normalise)
    np.testing.assert_allclose(ours, plain.numpy(), atol=2e-5, rtol=0)
