"""The cluster bootstrap: whole patients are drawn with replacement.

Patches of one patient resemble each other, so that resampling patches makes intervals too narrow (Field and Welsh
2007, J. R. Stat. Soc. B 69:369). Nothing is ever resampled here sample by sample. The AUROC counts pairs of a positive
and a negative sample, so once the wins are summed by pair of patients, ``wins[g, h]``, a replicate that draws patient g
``w[g]`` times has the AUROC ``w' wins w / (w'p w'q)``, with p and q the patients' positive and negative counts. Wins
are whole and half numbers, so ties are exact.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

DRAWS = 2000
FEW_GROUPS = 5
_CELLS = 1 << 22
"""Numbers held at once while wins are counted."""


def draw_groups(n_groups: int, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """How often each group is drawn, float64 [draws, n_groups]; each row sums to ``n_groups``."""
    drawn = np.random.default_rng(seed).integers(0, n_groups, (draws, n_groups))
    drawn += np.arange(draws)[:, None] * n_groups
    return np.bincount(drawn.ravel(), minlength=draws * n_groups).reshape(draws, n_groups).astype(np.float64)


def auroc_replicates(positive: np.ndarray, score: np.ndarray, codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUROC of every replicate, float64 [draws]; NaN for one that drew no positive or no negative sample.

    Args:
        positive: bool [n].
        score: float [n].
        codes: int64 [n], the number of each sample's group.
        weights: float64 [draws, groups], from `draw_groups`.
    """
    n_groups = weights.shape[1]
    blocks, block = np.unique(score, return_inverse=True)
    n_blocks = len(blocks)
    positives = sparse.csr_array(
        (np.ones(positive.sum()), (codes[positive], block[positive])), shape=(n_groups, n_blocks)
    )
    wins = np.zeros(len(weights))
    step = max(1, _CELLS // n_blocks)
    for start in range(0, n_groups, step):
        columns = slice(start, min(start + step, n_groups))
        width = columns.stop - start
        taken = ~positive & (codes >= start) & (codes < columns.stop)
        cell = block[taken] * width + codes[taken] - start
        negatives = np.bincount(cell, minlength=n_blocks * width).reshape(n_blocks, width)
        beaten = np.cumsum(negatives, axis=0) - negatives / 2
        wins += np.einsum("bg,bg->b", weights @ (positives @ beaten), weights[:, columns])
    p, q = (np.bincount(codes[part], minlength=n_groups) for part in (positive, ~positive))
    pairs = (weights @ p) * (weights @ q)
    return np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def percentiles(replicates: np.ndarray, confidence: float) -> tuple[float, float]:
    """The percentile interval (Efron and Tibshirani 1993, chapter 13) of the replicates that are defined."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(replicates[~np.isnan(replicates)], [tail, 1 - tail])
    return float(low), float(high)


def method_text(n: int, replicates: np.ndarray, units: str = "groups") -> str:
    """How an interval was made of so many groups (or patches), with the replicates that had to be left out."""
    lost = int(np.isnan(replicates).sum())
    left_out = f", {lost:,} undefined and left out" if lost else ""
    kind = "cluster bootstrap" if units == "groups" else "bootstrap"
    return f"{kind} of {n:,} {units}, {len(replicates):,} draws{left_out}"


def warning_text(n_groups: int) -> str:
    """What must be said about few groups; empty when there are enough."""
    if n_groups >= FEW_GROUPS:
        return ""
    return f"Only {n_groups} independent group{'s' * (n_groups > 1)}: intervals from so few are not to be trusted."
