"""What is shown beside one patch: its brightness values, and the patches around it on its slide."""

from __future__ import annotations

import numpy as np
import pandas as pd

from histo_core.data.dataset import Dataset

CHANNELS = ("red", "green", "blue")


def histogram(image: np.ndarray) -> pd.DataFrame:
    """Pixels of each value in each channel.

    Args:
        image: uint8 H x W x 3 RGB.

    Returns:
        256 rows: ``value`` (0 to 255) and int64 counts ``red``, ``green``, ``blue``.
    """
    counts = {name: np.bincount(image[..., place].ravel(), minlength=256) for place, name in enumerate(CHANNELS)}
    return pd.DataFrame({"value": np.arange(256), **counts})


def neighbours(dataset: Dataset, index: int, limit: int = 8) -> np.ndarray:
    """The nearest other patches of the same slide.

    Args:
        dataset: with columns ``slide_id``, ``x`` and ``y``.
        index: the patch's row.
        limit: at most this many.

    Returns:
        int64 rows, nearest first (straight distance between positions), in the table's order where equally near;
        none where slide or positions are not known.
    """
    table = dataset.table
    if not {"slide_id", "x", "y"} <= set(table):
        return np.zeros(0, np.int64)
    same = (table["slide_id"] == table["slide_id"].iat[index]).fillna(False).to_numpy(bool)
    rows = np.flatnonzero(same)
    rows = rows[rows != index]
    positions = table[["x", "y"]].iloc[[index, *rows]].to_numpy(np.float64, na_value=np.nan)
    distances = np.hypot(*(positions[1:] - positions[0]).T)
    order = np.argsort(distances, kind="stable")  # what is no number comes last
    return rows[order][: min(limit, int(np.isfinite(distances).sum()))]
