"""Test pairs of models, corrected for the family of tests that they belong to.

There are two families. To find the best model, **all pairs** are one family, because any two models could come out as
the first and the second. Correcting only for the m - 1 differences from the best would find a "better" model among
equal ones in more than 5% of comparisons. Where a **comparator** was named beforehand, its m - 1 differences are the
family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from histo_core.comparison.join import Joined
from histo_core.evaluation.auroc_difference import PairedDifference
from histo_core.evaluation.simultaneous import model_pairs


@dataclass(frozen=True)
class PairDifference:
    """The difference of two models on the same samples.

    Attributes:
        first_id, first: run id and displayed name of the model with the higher AUROC, or of the one that is compared
            with the comparator; a reference comes second.
        other_id, other: run id and displayed name of the other model, or of the comparator.
        difference: AUROC of the first minus that of the other.
        p_corrected: the P value after correction for all pairs of the family; None without a P value.
        significant: whether the two differ by the corrected P value; False without one.
    """

    first_id: str
    first: str
    other_id: str
    other: str
    difference: PairedDifference
    p_corrected: float | None
    significant: bool


def pair_differences(
    joined: Joined,
    names: Sequence[str],
    y_true: np.ndarray,
    scores: np.ndarray,
    order: Sequence[int],
    comparator: int | None,
    *,
    confidence: float,
) -> tuple[PairDifference, ...]:
    """Test the models of a comparison against each other, or against a comparator.

    Args:
        joined: the m runs.
        names: displayed names [m].
        y_true: 0 or 1 [n]; 1 is the class of interest.
        scores: float64 [m, n].
        order: indices of the models, the highest AUROC first, references last.
        comparator: index of the model that was named beforehand; None tests all pairs.
        confidence: confidence of the uncorrected intervals, 0 to 1.

    Returns:
        All pairs, those of ``order[0]`` first; with a comparator each other model minus the comparator.
    """
    if not order:
        return ()
    at = None if comparator is None else list(order).index(comparator)
    found = model_pairs(
        y_true, scores[list(order)], joined.groups, comparator=at, shown=0 if at is None else None,
        confidence=confidence,
    )  # fmt: skip
    pairs: list[PairDifference] = []
    for pair in found:
        first, other, difference = order[pair.first], order[pair.second], pair.difference
        if at is not None:
            first, other, difference = other, first, _turned(difference)
        significant = pair.p_corrected is not None and pair.p_corrected < 1 - confidence
        ids = joined.runs[first].run_id, joined.runs[other].run_id
        pairs.append(
            PairDifference(ids[0], names[first], ids[1], names[other], difference, pair.p_corrected, significant)
        )
    return tuple(pairs)


def _turned(difference: PairedDifference) -> PairedDifference:
    """Return the difference with its sign reversed: the second model minus the first."""
    return replace(difference, value=-difference.value, low=-difference.high, high=-difference.low)
