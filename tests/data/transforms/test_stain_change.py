"""Stain augmentation against scikit-image's stains, float64 and plain torch."""

from __future__ import annotations

import numpy as np
import torch
from skimage.color import hed2rgb, rgb2hed, rgb_from_hed

from histo_core.config import AugmentConfig
from histo_core.data.transforms.augment import kernel, torch_backend
from histo_core.data.transforms.augment.draw import draw
from histo_core.data.transforms.augment.hed_jitter import STAINS, mixing
from histo_core.data.transforms.augment.preview import augment
from histo_core.data.transforms.augment.rng import uniform
from histo_core.data.transforms.augment.stain_kernel import stained

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (6, 20, 20, 3), dtype=np.uint8)
DRAWS = RNG.random((6, 6))
ALONE = AugmentConfig(flips=False, quarter_turns=False, jitter=0, stain=0.2)


def test_the_stains_are_scikit_images() -> None:
    np.testing.assert_allclose(STAINS, rgb_from_hed)


def test_tissue_changes_as_between_scikit_images_rgb_and_hed() -> None:
    """Its stains are densities of natural logarithms divided by that of a millionth, so that six are one."""
    density = RNG.uniform(0, 0.1, (6, 20, 20, 3))
    tissue = np.rint(hed2rgb(density) * 255).astype(np.uint8)
    stains = rgb2hed((tissue + 1) / 256)
    weights, shifts = (1 + 0.2 * (2 * part - 1) for part in (DRAWS[:, :3], DRAWS[:, 3:]))
    changed = stains * weights[:, None, None] + (shifts - 1)[:, None, None] / 6
    expected = hed2rgb(changed) * 256 - 1
    # It leaves no stain below zero, as noise has it, before nor after.
    comparable = (stains > 0).all(axis=-1) & (changed > 0).all(axis=-1) & (expected > 0).all(axis=-1)
    assert comparable.sum() > 500
    ours = stained(tissue, mixing(DRAWS, 0.2))
    np.testing.assert_allclose(ours[comparable], expected[comparable], atol=2e-3)


def test_any_pixel_is_what_float64_gives() -> None:
    drawn = mixing(DRAWS, 0.5)
    light = np.log2((NOISE + 1.0) / 256)
    mixed = np.einsum("ncs,nhws->nhwc", drawn[..., :3].astype(np.float64), light) + drawn[:, None, None, :, 3]
    expected = (256 * np.exp2(mixed) - 1).clip(0, 255)
    assert ((expected == 0) | (expected == 255)).any()
    np.testing.assert_allclose(stained(NOISE, drawn), expected, atol=2e-4, rtol=0)


def test_average_draws_change_nothing() -> None:
    np.testing.assert_allclose(stained(NOISE, mixing(np.full((6, 6), 0.5), 0.7)), NOISE, atol=1e-4)


def test_plain_torch_gives_the_same_pixels() -> None:
    config = AugmentConfig(jitter=0.3, hue=0.1, stain=0.2)
    changes = draw(config, (20, 20), seed=1, epoch=3, samples=np.arange(6))
    normalise = {"mean": (170, 130, 180), "spread": (50, 60, 40)}
    ours = kernel.change(NOISE, changes, **normalise)
    plain = torch_backend.change(torch.from_numpy(NOISE), changes, **normalise)
    np.testing.assert_allclose(ours, plain.numpy(), atol=2e-5, rtol=0)


def test_draws_are_their_own_and_leave_the_others_alone() -> None:
    with_stain = draw(AugmentConfig(jitter=0.2, stain=0.1), (8, 8), seed=1, epoch=1, samples=np.arange(50))
    without = draw(AugmentConfig(jitter=0.2), (8, 8), seed=1, epoch=1, samples=np.arange(50))
    np.testing.assert_array_equal(with_stain.symmetry, without.symmetry)
    np.testing.assert_array_equal(with_stain.colour, without.colour)
    assert without.stain is None
    expected = mixing(uniform(1, 1, np.arange(50), 14)[:, 8:], 0.1)
    np.testing.assert_array_equal(with_stain.stain, expected)


def test_a_preview_shows_other_stains_and_the_same_tissue() -> None:
    """The order of nuclei and ground stays; glass may be tinted, by at most a density of 0.2 of each stain."""
    patch = np.full((1, 8, 8, 3), (225, 150, 190), np.uint8)
    patch[:, 2:6, 2:6] = (90, 50, 130)
    many = np.repeat(patch, 300, axis=0)
    changed = augment(many, ALONE, seed=0, epoch=0, samples=np.arange(300))
    assert (changed[:, 4, 4] < changed[:, 0, 0]).all()
    assert changed[:, 0, 0].std(axis=0).min() > 20
