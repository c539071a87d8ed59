"""Choose the patch of a run to show first: one with visible tissue, not the one with the highest probability.

The most certain predictions of a network are often patches of bare glass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from histo_core.auditing.pixel_stats import luma, measure
from histo_core.auditing.quality import blank
from histo_core.errors import HistoscopeError

SURER_THAN = 0.75
"""The patch is more certain than this share of the correct predictions: certain, but not extreme. This is a rank, not
a probability, because some networks are never certain and others always are."""
TRIES = 12
"""The most patches to read to find one that is not blank."""


def choose_first_patch(table: pd.DataFrame, positive: str, read: Callable[[str], np.ndarray]) -> str | None:
    """Choose the patch that a page shows first.

    It is the patch at the upper quartile of certainty among the correctly predicted patches of the class of interest.
    Where there are none, all correctly predicted patches are used, else all patches. Where that patch is blank or
    unreadable, the next less certain one is tried, and so on around the list. Where `TRIES` patches are blank, the
    first of them is taken.

    Args:
        table: in the format of `histo_core.data.predictions`, the rows that may be shown.
        positive: the class of interest.
        read: from a ``sample_id`` to its pixels, uint8 H x W x 3.

    Returns:
        Its ``sample_id``, or None for an empty table.
    """
    first = None
    for sample in _candidates(table, positive):
        first = sample if first is None else first
        if not _blank(sample, read):
            return sample
    return first


def _candidates(table: pd.DataFrame, positive: str) -> Iterator[str]:
    truth = table["y_true"].to_numpy(dtype=object)
    right = (table["y_pred"].to_numpy(dtype=object) == truth) & table["y_true"].notna().to_numpy()
    choices = (right & (truth == positive), right, np.ones(len(table), bool))
    rows = next((np.flatnonzero(chosen) for chosen in choices if chosen.any()), np.empty(0, int))
    certainty = table.filter(regex="^prob_").max(axis=1).to_numpy()
    surest_first = rows[np.argsort(-certainty[rows], kind="stable")]
    start = int((1 - SURER_THAN) * len(rows))
    for row in np.roll(surest_first, -start)[:TRIES]:
        yield str(table["sample_id"].iloc[row])


def _blank(sample: str, read: Callable[[str], np.ndarray]) -> bool:
    try:
        pixels = read(sample)[None]
    except HistoscopeError:  # the error is shown where this patch itself is opened
        return True
    return bool(blank(pd.DataFrame(measure(pixels, luma(pixels))))[0])
