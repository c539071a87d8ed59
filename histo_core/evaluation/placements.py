"""Count wins of positive over negative samples from sorted scores; the AUROC is the share of wins."""

from __future__ import annotations

import numpy as np


def placements(positive: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Return each sample's placement: the share of the other class that the score orders correctly against it.

    Ties count half. Placements come from one sort, in O(n log n), as in Sun and Xu (2014, IEEE Signal Process. Lett.
    21:1389).

    Args:
        positive: bool [n], with both classes.
        score: float [n].

    Returns:
        float64 [n], 0 to 1. The mean over the positive samples is the AUROC, and so is the mean over the negative ones.
    """
    blocks, block = np.unique(score, return_inverse=True)
    p, q = (np.bincount(block[part], minlength=len(blocks)) for part in (positive, ~positive))
    beaten = (np.cumsum(q) - q / 2) / q.sum()
    above = 1 - (np.cumsum(p) - p / 2) / p.sum()
    return np.where(positive, beaten[block], above[block])


def wins_within(positive: np.ndarray, score: np.ndarray, codes: np.ndarray, n_groups: int) -> np.ndarray:
    """Count the wins of positive over negative samples of the same group; ties count half.

    Args:
        positive: bool [n].
        score: float [n].
        codes: int64 [n], the number of each sample's group.
        n_groups: how many groups there are.

    Returns:
        float64 [n_groups], whole and half numbers.
    """
    order = np.lexsort((score, codes))
    code, ordered, is_positive = codes[order], score[order], positive[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(code) != 0) | (np.diff(ordered) != 0)])
    p, q = (np.add.reduceat(part.astype(np.float64), starts) for part in (is_positive, ~is_positive))
    group = code[starts]
    below = np.cumsum(q) - q
    first = np.searchsorted(group, np.arange(n_groups))
    below -= below[np.minimum(first, len(group) - 1)][group]
    return np.bincount(group, weights=p * (below + q / 2), minlength=n_groups)
