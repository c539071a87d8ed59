"""Channel statistics against NumPy in double precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from histo_core.data.dataset import Dataset
from histo_core.data.transforms.channel_stats import channel_statistics
from histo_core.errors import CancelledError, DataError

RNG = np.random.default_rng(0)
IMAGES = [RNG.integers(0, 256, (20 + row % 3, 30, 3), dtype=np.uint8) for row in range(150)]


@pytest.fixture
def dataset(make_dataset: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch) -> Dataset:
    made = make_dataset([0, 1] * 75)

    def read(indices: Sequence[int] | np.ndarray) -> list[np.ndarray]:
        return [IMAGES[index] for index in indices]

    monkeypatch.setattr(made, "read_source", read)
    return made


def test_they_are_numpys_over_all_pixels(dataset: Dataset) -> None:
    rows = np.arange(10, 150)
    found = channel_statistics(dataset, rows)
    pixels = np.concatenate([IMAGES[row].reshape(-1, 3) for row in rows]) / 255
    assert (found.patches, found.pixels) == (140, len(pixels))
    np.testing.assert_allclose(found.mean, pixels.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.std, pixels.std(axis=0), rtol=1e-12)


def test_neither_order_nor_batches_change_a_digit(dataset: Dataset) -> None:
    rows = np.arange(150)
    assert channel_statistics(dataset, rows) == channel_statistics(dataset, rows[::-1])


def test_one_colour_has_no_spread(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    white = np.full((2000, 100, 3), 255, np.uint8)
    monkeypatch.setattr(dataset, "read_source", lambda indices: [white] * len(indices))
    found = channel_statistics(dataset, np.arange(3))
    assert (found.mean, found.std) == ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def test_progress_is_told_and_may_stop(dataset: Dataset) -> None:
    told: list[tuple[int, int]] = []
    channel_statistics(dataset, np.arange(150), lambda done, total: told.append((done, total)))
    assert told == [(64, 150), (128, 150), (150, 150)]

    def stop(done: int, total: int) -> None:
        raise CancelledError(f"Stopped at {done} of {total}.")

    with pytest.raises(CancelledError, match="Stopped at 64"):
        channel_statistics(dataset, np.arange(150), stop)


def test_nothing_to_measure_is_refused(dataset: Dataset) -> None:
    with pytest.raises(DataError, match="no patches to measure"):
        channel_statistics(dataset, np.zeros(0, np.int64))
