"""Augmentation: what is drawn, and that it depends on nothing but (seed, epoch, sample)."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from scipy import stats

from histo_core.config import AugmentConfig, PreprocessConfig
from histo_core.data.transforms.augment.draw import draw
from histo_core.data.transforms.augment.preview import augment
from histo_core.data.transforms.augment.rng import uniform
from histo_core.data.transforms.preprocess import Preprocess
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


def test_hue_turns_the_chroma_of_yiq_and_leaves_the_grey() -> None:
    """Against the plane written out for one pixel: length and grey stay, the angle is the drawn one."""
    config = AugmentConfig(flips=False, quarter_turns=False, jitter=0, hue=0.25)
    changes = draw(config, (1, 1), seed=2, epoch=0, samples=np.arange(50))
    angles = 2 * np.pi * 0.25 * (2 * uniform(2, 0, np.arange(50), 7)[:, 6] - 1)
    pixel = np.array([150.0, 90.0, 140.0])

    def yiq(rgb: np.ndarray) -> tuple[float, complex]:
        red, green, blue = rgb
        in_phase = 0.596 * red - 0.274 * green - 0.322 * blue
        quadrature = 0.211 * red - 0.523 * green + 0.312 * blue
        return 0.299 * red + 0.587 * green + 0.114 * blue, complex(in_phase, quadrature)

    grey, chroma = yiq(pixel)
    for colour, angle in zip(changes.colour, angles, strict=True):
        turned_grey, turned = yiq(colour @ pixel)
        assert turned_grey == pytest.approx(grey, rel=1e-5)
        assert turned == pytest.approx(chroma * np.exp(1j * angle), rel=1e-4)
    assert changes.lift == pytest.approx(0)
    assert angles.min() < -1
    assert angles.max() > 1


def test_hue_draws_nothing_from_the_others() -> None:
    """What was drawn without hue is drawn with it."""
    with_hue = draw(AugmentConfig(jitter=0.2, hue=0.1), (8, 8), seed=1, epoch=1, samples=SAMPLES)
    without = draw(AugmentConfig(jitter=0.2), (8, 8), seed=1, epoch=1, samples=SAMPLES)
    np.testing.assert_array_equal(with_hue.symmetry, without.symmetry)
    np.testing.assert_array_equal(with_hue.lift, without.lift)


def test_a_preview_is_what_training_sees_rounded() -> None:
    config = AugmentConfig(jitter=0.3, hue=0.1)
    preprocess = Preprocess(PreprocessConfig(mean=(0.7, 0.5, 0.7), std=(0.2, 0.25, 0.2)))
    seen = preprocess.augmented(MANY[:32], config, seed=3, epoch=0, samples=SAMPLES[:32]).permute(0, 2, 3, 1).numpy()
    levels = 255 * (seen * np.array([0.2, 0.25, 0.2]) + np.array([0.7, 0.5, 0.7]))
    preview = augment(MANY[:32], config, seed=3, epoch=0, samples=SAMPLES[:32])
    assert preview.dtype == np.uint8
    assert np.abs(preview - levels).max() <= 0.5001


@pytest.mark.parametrize(
    ("config", "pixels"),
    [
        (AugmentConfig(), "7e575042f8d8d953"),
        (AugmentConfig(jitter=0), "a3b7d37a36525ea7"),
        (AugmentConfig(jitter=0.2, hue=0.05), "763c956b12bf8a1e"),
        (AugmentConfig(quarter_turns=False, jitter=0.5, hue=0.1), "2cd52e827be1898d"),
    ],
    ids=str,
)
def test_pixels_stay_what_they_were_in_the_first_release(config: AugmentConfig, pixels: str) -> None:
    """Old runs can be resumed and repeated: settings that came later draw nothing from these."""
    numbers = np.arange(8 * 24 * 24 * 3, dtype=np.uint64) * np.uint64(2654435761)
    batch = (numbers >> np.uint64(13)).astype(np.uint8).reshape(8, 24, 24, 3)
    changed = augment(batch, config, seed=3, epoch=2, samples=np.arange(100, 108))
    assert hashlib.sha256(changed.tobytes()).hexdigest().startswith(pixels)


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
