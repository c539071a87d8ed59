"""What is measured of a patch."""

from __future__ import annotations

import numpy as np
import pytest

from histo_core.auditing.pixel_stats import SMOOTH, luma, measure


def facts(image: np.ndarray) -> dict[str, float]:
    images = image[None].astype(np.uint8)
    return {name: float(values[0]) for name, values in measure(images, luma(images)).items()}


def even(*colour: int, size: int = 64) -> np.ndarray:
    return np.broadcast_to(np.array(colour, np.uint8), (size, size, 3)).copy()


def test_even_colours_by_hand() -> None:
    found = facts(even(200, 100, 150))
    assert found["brightness"] == pytest.approx((0.299 * 200 + 0.587 * 100 + 0.114 * 150) / 255, rel=1e-5)
    assert found["contrast"] == pytest.approx(0, abs=1e-6)
    assert found["saturation"] == pytest.approx(100 / 255, rel=1e-5)
    assert found["background"] == 0
    density = -np.log10((np.array([200, 100, 150]) + 1) / 256)
    assert found["green_share"] == pytest.approx(density[1] / density.sum(), rel=1e-5)


def test_white_is_background_without_a_stain() -> None:
    found = facts(even(245, 244, 246))
    assert found["background"] == 1
    assert np.isnan(found["green_share"])


@pytest.mark.parametrize(
    ("colour", "ink"),
    [
        ((30, 70, 160), 1),
        ((20, 110, 60), 1),
        ((15, 15, 18), 1),
        ((90, 50, 130), 0),
        ((230, 140, 180), 0),
        ((60, 35, 60), 0),
    ],
    ids=["blue", "green", "black", "haematoxylin", "eosin", "dark nucleus"],
)
def test_ink_is_told_from_stain(colour: tuple[int, int, int], ink: int) -> None:
    image = even(240, 240, 240)
    image[:16] = colour
    assert facts(image)["ink"] == pytest.approx(ink * 0.25)


def test_sharpness_of_a_ramp_and_of_noise() -> None:
    ramp = np.repeat(np.arange(64)[None, :, None] * 3, 64, axis=0).repeat(3, axis=2)
    assert facts(ramp)["sharpness"] == pytest.approx(SMOOTH, rel=1e-4)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    assert facts(noise)["sharpness"] == pytest.approx(1, abs=0.05)
    assert facts(even(9, 9, 9))["sharpness"] == 1
    assert facts(even(9, 9, 9, size=3))["sharpness"] == 1


def test_the_border_is_the_outermost_sixteenth() -> None:
    image = even(255, 255, 255)
    image[4:-4, 4:-4] = 0
    found = facts(image)
    assert found["border_brightness"] == pytest.approx(1)
    assert found["border_saturation"] == 0
    assert found["brightness"] == pytest.approx(1 - (56 / 64) ** 2, rel=1e-4)


def test_patches_of_odd_sizes_are_measured_too() -> None:
    found = facts(np.random.default_rng(0).integers(0, 256, (37, 131, 3)))
    assert all(np.isfinite(value) for value in found.values())
