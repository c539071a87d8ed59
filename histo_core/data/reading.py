"""Pixels of some samples when a few of them cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from histo_core.data.dataset import Dataset
from histo_core.errors import DataError


def read_each(dataset: Dataset, rows: Sequence[int] | np.ndarray) -> list[np.ndarray | None]:
    """Pixels of some samples, uint8 H x W x 3 RGB each; None for one that cannot be read, which stops no other."""
    if not len(rows):
        return []
    try:
        return list(dataset.read(rows))
    except DataError:
        if len(rows) == 1:
            return [None]
        half = len(rows) // 2
        return read_each(dataset, rows[:half]) + read_each(dataset, rows[half:])
