import numpy as np
import pytest

from histo_core.data.phantom import noise


def test_the_atlas_is_standardised_and_shared() -> None:
    atlas = noise.atlas(3.0)
    assert atlas.shape == (512, 512)
    assert atlas.dtype == np.float32
    assert atlas.mean() == pytest.approx(0, abs=1e-4)
    assert atlas.std() == pytest.approx(1, abs=1e-4)
    assert noise.atlas(3.0) is atlas
    with pytest.raises(ValueError, match="read-only"):
        atlas[0, 0] = 1


def test_its_correlation_length_is_the_scale() -> None:
    """White noise under a Gaussian of SD s correlates as exp(-d^2 / 4 s^2) at distance d."""
    atlas = noise.atlas(3.0)
    for distance in (2, 4, 6):
        measured = np.mean(atlas * np.roll(atlas, distance, axis=1))
        assert measured == pytest.approx(np.exp(-(distance**2) / 36), abs=0.06)


def test_fields_come_from_the_generator_alone() -> None:
    first, second = (noise.field(np.random.default_rng(5), 2.0, 96) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    stack = noise.patches(np.random.default_rng(5), 2.0, 21, 7)
    assert stack.shape == (7, 21, 21)
    assert len(np.unique(stack[:, 0, 0])) == 7
