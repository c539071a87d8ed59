"""Which pairs of models are tested, and how their P values are corrected for being several.

Two families are known. Where the best model is looked for, any two models could turn out to be the best and the next,
so that **all pairs** are one family: correcting for the m - 1 differences from whichever came out best finds a "better"
model among equal ones in more than 5% of comparisons. Where a **comparator** was named beforehand, its m - 1
differences are the family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from histo_core.evaluation.auroc import PairedDifference, auroc_difference


@dataclass(frozen=True)
class PairDifference:
    """Two models on the same samples.

    Attributes:
        first_id, first: run id and shown name of the one with the higher AUROC, or of the one that is compared with
            the comparator; a reference comes second.
        other_id, other: of the other, or of the comparator.
        difference: AUROC of the first minus that of the other.
        p_corrected: the P value after the correction for all pairs of the family; None without a P value.
        apart: whether the two can be told apart, by the corrected P value; never without one.
    """

    first_id: str
    first: str
    other_id: str
    other: str
    difference: PairedDifference
    p_corrected: float | None
    apart: bool


def family(order: Sequence[int], comparator: int | None) -> list[tuple[int, int]]:
    """List the pairs to be tested.

    Args:
        order: indices of the models, the one with the highest AUROC first.
        comparator: the model named beforehand; None tests all pairs.
    """
    if comparator is None:
        return list(combinations(order, 2))
    return [(i, comparator) for i in order if i != comparator]


def paired_differences(
    y_true: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray | None,
    pairs: Sequence[tuple[int, int]],
    *,
    confidence: float,
    seed: int,
) -> list[tuple[PairedDifference, float | None]]:
    """Test each pair; return its difference and its P value after the correction for all of them.

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest. Both classes are there.
        scores: float64 [m, n].
        groups: patient (else slide) ids [n]; None takes samples as independent.
        pairs: rows of ``scores``, from `family`.
        confidence: of the intervals, which are not corrected, 0 to 1.
        seed: of what is drawn.
    """
    found = [auroc_difference(y_true, scores[a], scores[b], groups, confidence=confidence, seed=seed) for a, b in pairs]
    known = [one for one in found if one is not None]
    return list(zip(known, holm([one.p_value for one in known]), strict=True))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values after Holm's correction (1979, Scand. J. Stat. 6:65).

    A pair without a P value counts as a test all the same (with P = 1): it was looked at, and is part of the family.
    """
    # statsmodels' `multipletests` gives the same, and collects all garbage at each call: 0.2 s in a large process.
    known = np.array([1.0 if p is None else p for p in p_values])
    order = np.argsort(known, kind="stable")
    corrected = np.empty(len(known))
    corrected[order] = np.minimum(1, np.maximum.accumulate(known[order] * (len(known) - np.arange(len(known)))))
    return [None if p is None else float(one) for p, one in zip(p_values, corrected, strict=True)]
