"""The law of Beer and Lambert, by hand and inverted."""

import numpy as np
import pytest
from skimage.filters import gaussian

from histo_core.data.phantom.stain import SCANNERS, Scanner, Staining, render, stain_slide

CLEAR = Staining(
    matrix=np.array([[0.6, 0.7, 0.4], [0.1, 0.9, 0.4]], np.float32),
    white=np.array([240, 236, 244], np.float32),
    blur=1e-3,
    noise=0.0,
)


def test_densities_add_and_light_falls_by_powers_of_ten() -> None:
    haematoxylin, eosin = np.full((8, 8), 0.5), np.full((8, 8), 0.25)
    image = render(np.random.default_rng(0), haematoxylin, eosin, CLEAR)
    # Red: 240 * 10 ** -(0.5 * 0.6 + 0.25 * 0.1) = 240 * 10 ** -0.325 = 113.6
    assert image[0, 0, 0] == 114
    expected = CLEAR.white * 10 ** -(0.5 * CLEAR.matrix[0] + 0.25 * CLEAR.matrix[1])
    assert np.abs(image[3, 4] - expected).max() <= 0.5 + 1e-3
    assert image.dtype == np.uint8


def test_unmixing_gives_the_amounts_back() -> None:
    rng = np.random.default_rng(1)
    amounts = rng.uniform(0.05, 0.6, (2, 16, 16))
    image = render(rng, amounts[0], amounts[1], CLEAR)
    density = -np.log10(image / CLEAR.white).reshape(-1, 3)
    found = np.linalg.lstsq(CLEAR.matrix.T, density.T, rcond=None)[0].reshape(2, 16, 16)
    np.testing.assert_allclose(found, amounts, atol=0.02)


def test_no_tissue_is_white_and_much_stain_is_dark() -> None:
    empty = np.zeros((4, 4))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(render(rng, empty, empty, CLEAR)[0, 0], CLEAR.white)
    assert render(rng, empty + 5, empty, CLEAR).max() < 5


def test_blur_is_of_light_not_of_density() -> None:
    rng = np.random.default_rng(2)
    amount = rng.uniform(0, 1, (32, 32))
    blurred = Staining(CLEAR.matrix, CLEAR.white, 0.8, 0.0)
    light = CLEAR.white * 10 ** -(amount[..., None] * CLEAR.matrix[0])
    expected = gaussian(light, 0.8, mode="nearest", truncate=3.0, channel_axis=2, preserve_range=True)
    assert np.abs(render(rng, amount, 0 * amount, blurred) - expected).max() < 0.6


@pytest.mark.parametrize("scanner", SCANNERS, ids=lambda scanner: scanner.name)
def test_slides_of_a_patient_are_stained_alike(scanner: Scanner) -> None:
    def slide(patient: int, number: int) -> np.ndarray:
        rngs = np.random.default_rng([patient]), np.random.default_rng([99, number])
        return stain_slide(*rngs, scanner).matrix

    within = [np.abs(slide(p, 2 * p) - slide(p, 2 * p + 1)).mean() for p in range(20)]
    between = [np.abs(slide(p, 2 * p) - slide(p + 1, 2 * p)).mean() for p in range(20)]
    assert np.mean(between) > 2 * np.mean(within)
    assert min(slide(p, p).min() for p in range(20)) > 0
