"""Test two models on the same samples exactly, by swapping their scores within whole groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

EXACT_GROUPS = 18
"""Up to this many groups, all 2^K swaps are evaluated."""
_DRAWS = 20_000
_MANY_GROUPS = 1_000
"""From this many groups on, the sum of swaps is treated as normal."""


@dataclass(frozen=True)
class SwapTest:
    """The result of the swap test: how often swapped models differ as much as the observed ones.

    Attributes:
        p_value: two-sided, 0 to 1.
        smallest: the smallest P value that K groups can give, 2 / 2^K.
        n_groups: K, how many groups may be swapped.
        exact: whether all swaps were evaluated; else 20,000 random ones, or the normal limit from 1,000 groups on.
    """

    p_value: float
    smallest: float
    n_groups: int
    exact: bool


def swap_test(positive: np.ndarray, a: np.ndarray, b: np.ndarray, codes: np.ndarray | None) -> SwapTest:
    """Test whether two models have the same AUROC, by swapping them within whole groups.

    If the models are alike, a patient's scores could have come from either of them. Let W_ij[g, h] be the wins of
    patient g's positives, scored by model i, over patient h's negatives, scored by model j. Let s_g be 1 for an
    unswapped and -1 for a swapped patient. The difference of the AUROCs is then linear in s: all terms that are even in
    s cancel between the two models. Each swap costs one addition, and all 2^K are evaluated up to K = 18. The test is
    exact for models whose scores of a patient are exchangeable; scores on different scales make it conservative.

    Args:
        positive: bool [n], with both classes.
        a, b: scores of the two models, float [n].
        codes: int64 [n], the number of each sample's group; None where each sample is one.
    """
    scores = a, b
    group = np.arange(len(positive)) if codes is None else codes
    n_groups = int(group.max()) + 1
    m, n = int(positive.sum()), int((~positive).sum())
    beaten = np.empty((2, 2, m))
    beating = np.empty((2, 2, n))
    for i in (0, 1):
        for j in (0, 1):
            up, down = scores[i][positive], scores[j][~positive]
            beaten[i, j] = _below(down, up)
            beating[i, j] = _above(up, down)
    rows = beaten[0, 0] + beaten[0, 1] - beaten[1, 0] - beaten[1, 1]
    columns = beating[0, 0] - beating[0, 1] + beating[1, 0] - beating[1, 1]
    parts = np.bincount(group[positive], weights=rows, minlength=n_groups)
    parts += np.bincount(group[~positive], weights=columns, minlength=n_groups)
    return swap_groups(parts)  # in quarters of wins: whole numbers, so that ties are exact


def swap_groups(parts: np.ndarray) -> SwapTest:
    """Test whether a sum over groups is 0, where swapping two models in a group turns the sign of its part.

    Args:
        parts: float [K], what each group adds to the difference of the models.
    """
    p_value, exact = _p_value(parts)
    return SwapTest(p_value, 2.0 ** (1 - len(parts)), len(parts), exact)


def _below(sorted_from: np.ndarray, values: np.ndarray) -> np.ndarray:
    ordered = np.sort(sorted_from)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2


def _above(sorted_from: np.ndarray, values: np.ndarray) -> np.ndarray:
    return len(sorted_from) - _below(sorted_from, values)


def _p_value(parts: np.ndarray) -> tuple[float, bool]:
    observed = abs(parts.sum())
    if len(parts) <= EXACT_GROUPS:
        sums = np.zeros(1)
        for part in parts:
            sums = np.concatenate([sums + part, sums - part])
        return float((np.abs(sums) >= observed).mean()), True
    if len(parts) >= _MANY_GROUPS:
        spread = float(np.sqrt(parts @ parts))
        return (2 * float(norm.sf(observed / spread)) if spread else 1.0), False
    signs = np.random.default_rng(0).choice(np.array([-1.0, 1.0]), (_DRAWS, len(parts)))
    return float((1 + (np.abs(signs @ parts) >= observed).sum()) / (1 + _DRAWS)), False
