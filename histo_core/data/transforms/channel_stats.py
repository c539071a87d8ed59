"""Mean and spread of each colour channel, for normalising and for comparing stains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from histo_core.config import Channels
from histo_core.data.dataset import Dataset
from histo_core.errors import DataError
from histo_core.progress import Progress, silent

_BATCH = 64


@dataclass(frozen=True)
class ChannelStatistics:
    """Of red, green and blue, over all pixels of some patches.

    Attributes:
        mean: in [0, 1].
        std: in [0, 1]; of the pixels themselves, not an estimate for more of them.
        patches: how many patches.
        pixels: how many pixels.
    """

    mean: Channels
    std: Channels
    patches: int
    pixels: int


def channel_statistics(dataset: Dataset, rows: np.ndarray, progress: Progress = silent) -> ChannelStatistics:
    """Read some patches and measure their channels, each pixel counting the same.

    Sums are exact integers, so that neither the order of the rows nor the batches change a digit.

    Args:
        dataset: where pixels come from.
        rows: int [n] of its table, at least one.
        progress: told the patches done and in all.

    Raises:
        DataError: no rows, or a patch that cannot be read.
        CancelledError: ``progress`` says so.
    """
    if not len(rows):
        raise DataError("There are no patches to measure.", "At least one is needed.", "Choose some.")
    total, squares, pixels = np.zeros(3, np.int64), np.zeros(3, np.int64), 0
    for start in range(0, len(rows), _BATCH):
        for image in dataset.read(rows[start : start + _BATCH]):
            sums = _sums(image)
            total, squares, pixels = total + sums[0], squares + sums[1], pixels + image.shape[0] * image.shape[1]
        progress(min(start + _BATCH, len(rows)), len(rows))
    exact = [(int(first), int(second)) for first, second in zip(total, squares, strict=True)]
    red, green, blue = (_moments(first, second, pixels) for first, second in exact)
    return ChannelStatistics(
        mean=(red[0], green[0], blue[0]), std=(red[1], green[1], blue[1]), patches=len(rows), pixels=pixels
    )


def _sums(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of each channel and of its squares, int64 [3] each."""
    # Whole rows of values at a time: five times as fast as along the three channels alone.
    lines = image.reshape(len(image), -1)
    squares = np.square(lines, dtype=np.uint16)  # 255^2 fits
    first, second = (values.sum(axis=0, dtype=np.uint64).reshape(-1, 3).sum(axis=0) for values in (lines, squares))
    return first.astype(np.int64), second.astype(np.int64)


def _moments(total: int, squares: int, count: int) -> tuple[float, float]:
    """Mean and standard deviation in [0, 1]; the difference is taken before anything is rounded."""
    return total / (255 * count), (count * squares - total * total) ** 0.5 / (255 * count)
