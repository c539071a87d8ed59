"""Augmentation: what is drawn, and that it depends on nothing but (seed, epoch, sample)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from histo_core.config import AugmentConfig
from histo_core.data.augment import augment, uniform
from histo_core.errors import ConfigError

PATCH = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
MANY = np.repeat(PATCH[None], 4000, axis=0)
SAMPLES = np.arange(4000)
TURNS_ONLY = AugmentConfig(jitter=0)
JITTER_ONLY = AugmentConfig(flips=False, quarter_turns=False, jitter=0.2)
SYMMETRIES = [np.rot90(first, turns) for first in (PATCH, PATCH[:, ::-1]) for turns in range(4)]


def symmetry_counts(changed: np.ndarray) -> list[int]:
    return [int((changed == symmetry).all(axis=(1, 2, 3)).sum()) for symmetry in SYMMETRIES]


def test_all_eight_symmetries_are_as_likely() -> None:
    counts = symmetry_counts(augment(MANY, TURNS_ONLY, seed=0, epoch=0, samples=SAMPLES))
    assert sum(counts) == 4000
    assert stats.chisquare(counts).pvalue > 0.001


def test_flips_alone_never_turn_a_quarter_and_turns_never_mirror() -> None:
    flips = symmetry_counts(
        augment(MANY, AugmentConfig(quarter_turns=False, jitter=0), seed=0, epoch=0, samples=SAMPLES)
    )
    assert [count > 0 for count in flips] == [True, False, True, False] * 2
    turns = symmetry_counts(augment(MANY, AugmentConfig(flips=False, jitter=0), seed=0, epoch=0, samples=SAMPLES))
    assert [count > 0 for count in turns] == [True] * 4 + [False] * 4


def test_nothing_switched_on_changes_nothing() -> None:
    off = AugmentConfig(flips=False, quarter_turns=False, jitter=0)
    changed = augment(MANY[:5], off, seed=0, epoch=0, samples=SAMPLES[:5])
    np.testing.assert_array_equal(changed, MANY[:5])
    assert not np.shares_memory(changed, MANY)


def test_a_draw_depends_on_seed_epoch_and_sample_alone() -> None:
    config = AugmentConfig(jitter=0.3)
    samples = np.array([7, 3_000_000, 0, 41])
    together = augment(MANY[:4], config, seed=5, epoch=2, samples=samples)
    for row, sample in enumerate(samples):
        alone = augment(MANY[:1], config, seed=5, epoch=2, samples=np.array([sample]))[0]
        np.testing.assert_array_equal(alone, together[row])
    for other in ({"seed": 6, "epoch": 2}, {"seed": 5, "epoch": 3}):
        assert not np.array_equal(augment(MANY[:4], config, samples=samples, **other), together)


def test_neighbouring_counters_are_uniform_and_unrelated() -> None:
    draws = uniform(0, 0, np.arange(20_000), 6)
    assert draws.min() >= 0
    assert draws.max() < 1
    for column in draws.T:
        assert stats.kstest(column, "uniform").pvalue > 0.001
    others = [uniform(1, 0, np.arange(20_000), 6), uniform(0, 1, np.arange(20_000), 6), np.roll(draws, 1, axis=0)]
    everything = np.hstack([draws, *others])
    correlations = np.corrcoef(everything.T)[~np.eye(24, dtype=bool)]
    assert np.abs(correlations).max() < 0.035  # five standard errors


def test_draws_are_those_of_splitmix64() -> None:
    """Against plain Python integers, so that no NumPy release can move a draw unseen."""
    mask = 2**64 - 1

    def mix(z: int) -> int:
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    golden = 0x9E3779B97F4A7C15
    assert mix(1234567 + golden & mask) == 6457827717110365317  # the published generator's first output for 1234567
    key = 0
    for word in (11, 2, 345):
        key = mix((key + golden + word) & mask)
    expected = [(mix((key + n * golden) & mask) >> 11) / 2**53 for n in range(1, 5)]
    assert uniform(11, 2, np.array([345]), 4)[0].tolist() == expected


def test_jitter_follows_its_formula() -> None:
    _, _, _, b, c, s = uniform(9, 1, np.array([4]), 6)[0]
    brightness, contrast, saturation = (1 + 0.2 * (2 * draw - 1) for draw in (b, c, s))
    pixels = PATCH.astype(np.float64)
    grey = pixels @ [0.299, 0.587, 0.114]
    saturated = saturation * pixels + (1 - saturation) * grey[..., None]
    expected = brightness * (contrast * saturated + (1 - contrast) * grey.mean())
    changed = augment(PATCH[None], JITTER_ONLY, seed=9, epoch=1, samples=np.array([4]))[0]
    assert np.abs(changed - expected.clip(0, 255)).max() <= 0.501


def test_a_grey_patch_stays_grey_and_jitter_stays_in_range() -> None:
    grey = np.full((300, 8, 8, 3), 120, np.uint8)
    changed = augment(grey, JITTER_ONLY, seed=0, epoch=0, samples=SAMPLES[:300])
    assert (changed == changed[:, :1, :1, :1]).all()
    levels = changed[:, 0, 0, 0]
    assert levels.min() >= 96
    assert levels.max() <= 144
    assert levels.std() == pytest.approx(120 * 0.2 / np.sqrt(3), rel=0.1)


def test_wide_patches_flip_but_do_not_turn_a_quarter() -> None:
    wide = MANY[:8, :10]
    changed = augment(wide, AugmentConfig(quarter_turns=False), seed=0, epoch=0, samples=SAMPLES[:8])
    assert changed.shape == wide.shape
    with pytest.raises(ConfigError, match=r"these are 16 x 10 pixels.*quarter_turns off"):
        augment(wide, AugmentConfig(), seed=0, epoch=0, samples=SAMPLES[:8])
