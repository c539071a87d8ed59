from collections.abc import Callable

import numpy as np
import pytest

from histo_core.data.phantom.ground import Ground, clefts, fat, stroma


@pytest.mark.parametrize("seed", range(5))
def test_fibres_run_along_their_direction(seed: int) -> None:
    """Amounts change less along the fibres than across them: the structure tensor agrees with the stated run."""
    ground = stroma(np.random.default_rng(seed), 96)
    slope_y, slope_x = np.gradient(ground.eosin)
    cos, sin = np.cos(ground.direction), np.sin(ground.direction)
    along, across = slope_x * cos + slope_y * sin, slope_y * cos - slope_x * sin
    assert np.mean(across**2) > 4 * np.mean(along**2)


@pytest.mark.parametrize("draw", [stroma, fat])
def test_amounts_are_never_negative(draw: Callable[[np.random.Generator, int], Ground]) -> None:
    for seed in range(5):
        ground = draw(np.random.default_rng(seed), 96)
        assert ground.eosin.shape == (96, 96)
        assert ground.eosin.min() >= 0
        assert ground.haematoxylin.min() >= 0


def test_fat_is_mostly_empty() -> None:
    empty = [np.mean(fat(np.random.default_rng(seed), 96).eosin < 0.01) for seed in range(5)]
    assert 0.5 < np.mean(empty) < 0.95


def test_wider_clefts_let_more_light_through() -> None:
    narrow, wide = (clefts(np.random.default_rng(0), width, 96) for width in (0.5, 2.0))
    assert narrow.min() >= 0
    assert wide.max() <= 1
    assert wide.sum() > narrow.sum() > 0
