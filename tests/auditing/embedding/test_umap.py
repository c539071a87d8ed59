"""UMAP itself compiles for the better part of a minute."""

import numpy as np
import pytest

from histo_core.auditing.embedding.umap import umap_layout
from histo_core.errors import CancelledError

pytestmark = pytest.mark.slow


@pytest.fixture
def clouds() -> np.ndarray:
    """Three clouds of 20 rows."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(60, 8)) + 12 * np.repeat(np.eye(8)[:3], 20, axis=0)).astype(np.float32)


def test_clouds_stay_apart_and_the_same_seed_gives_the_same_map(clouds: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    xy = umap_layout(clouds, progress=lambda done, total: told.append((done, total)))
    assert (xy.shape, xy.dtype) == ((60, 2), np.float32)
    distances = np.linalg.norm(xy[:, None] - xy[None], axis=2) + np.eye(60) * 1e9
    cloud = np.repeat(np.arange(3), 20)
    assert (cloud[distances.argmin(axis=1)] == cloud).all()
    assert told == sorted(told)
    assert told[-1] == (201, 201)
    np.testing.assert_array_equal(umap_layout(clouds), xy)


def test_it_can_be_stopped(clouds: np.ndarray) -> None:
    def stop(done: int, total: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        umap_layout(clouds, progress=stop)


def test_rows_that_are_all_alike_and_very_few_rows_are_laid_out_too(clouds: np.ndarray) -> None:
    assert np.isfinite(umap_layout(clouds[:16])).all()
    assert np.isfinite(umap_layout(np.zeros((30, 8), np.float32))).all()
