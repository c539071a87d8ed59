"""Nuclei against geometry: areas and axes by hand, and as scikit-image measures them."""

from dataclasses import replace

import numpy as np
import pytest
from skimage.measure import centroid, moments_central

from histo_core.data.phantom.nuclei import CELL_RIM, MICRONS_PER_PIXEL, Nuclei, Stain, draw, sample
from histo_core.data.phantom.populations import EPITHELIUM, FIBROBLAST, LYMPHOCYTE, TUMOUR, Population

SMOOTH = Population(10.0, 0.0, 1.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 12.0, 0.0)


def nuclei(population: Population, *points: tuple[float, float], angle: float | None = None) -> Nuclei:
    angles = None if angle is None else np.full(len(points), angle)
    return sample(np.random.default_rng(1), population, np.array(points, float).reshape(-1, 2), angles)


def stain(group: Nuclei, side: int = 96) -> Stain:
    return draw(np.random.default_rng(2), group, side)


def test_an_ellipse_has_its_area_axes_and_direction() -> None:
    group = nuclei(SMOOTH, (40.3, 50.6), angle=0.7)
    long, short = float(group.long[0]), float(group.short[0])
    assert np.sqrt(long * short) == pytest.approx(5 / MICRONS_PER_PIXEL, rel=1e-5)
    cover = stain(group).cover
    assert cover.sum() == pytest.approx(np.pi * long * short, rel=0.02)
    central = moments_central(cover, order=2)
    variances = np.array([[central[2, 0], central[1, 1]], [central[1, 1], central[0, 2]]]) / central[0, 0]
    # A uniform ellipse has a quarter of its squared half axes as variances.
    assert 2 * np.sqrt(np.linalg.eigvalsh(variances)) == pytest.approx([short, long], rel=0.03)
    assert centroid(cover) == pytest.approx((50.6, 40.3), abs=0.02)
    direction = 0.5 * np.arctan2(2 * variances[0, 1], variances[1, 1] - variances[0, 0])
    assert direction == pytest.approx(0.7, abs=0.02)


def test_haematoxylin_is_amount_times_area_and_is_held_back_under_overlap() -> None:
    one = stain(nuclei(SMOOTH, (48, 48), angle=0))
    assert one.haematoxylin[48, 48] == pytest.approx(1, rel=1e-5)
    assert one.haematoxylin.sum() == pytest.approx(one.cover.sum(), rel=1e-5)
    two = stain(nuclei(SMOOTH, (48, 48), (48, 48), angle=0))
    assert two.haematoxylin[48, 48] == pytest.approx(2 / 2**0.6, rel=1e-5)
    assert two.cover[48, 48] == 1


def test_a_tumour_cell_is_its_nucleus_and_a_rim() -> None:
    drawn = stain(nuclei(replace(SMOOTH, elongation=1.0, tumour=True), (48, 48)))
    radius = 5 / MICRONS_PER_PIXEL
    assert drawn.tumour.sum() == pytest.approx(np.pi * (radius + CELL_RIM) ** 2, rel=0.1)
    assert drawn.tumour[drawn.cover > 0].all()
    assert not stain(nuclei(SMOOTH, (48, 48))).tumour.any()


@pytest.mark.parametrize("population", [LYMPHOCYTE, FIBROBLAST, EPITHELIUM, *TUMOUR])
def test_nothing_lies_outside_the_windows(population: Population) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        group = sample(rng, replace(population, tumour=True), np.array([[48.0, 48.0]]))
        rows, columns = np.nonzero(draw(rng, group, 96).tumour)
        assert np.abs(rows - 48).max() <= group.window[0]
        assert np.abs(columns - 48).max() <= group.window[0]


def test_nuclei_on_the_border_are_cut() -> None:
    whole = stain(nuclei(SMOOTH, (48, 48), angle=0)).cover.sum()
    assert stain(nuclei(SMOOTH, (-0.5, 48), angle=0)).cover.sum() == pytest.approx(whole / 2, rel=0.1)
    assert stain(nuclei(SMOOTH, (-60, 300))).cover.sum() == 0


def test_no_nuclei_are_no_stain() -> None:
    assert stain(nuclei(SMOOTH)).haematoxylin.sum() == 0
