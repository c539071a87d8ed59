"""Test which pairs of many models on the same samples differ, corrected for multiple testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from histo_core.errors import DataError
from histo_core.evaluation.auroc_difference import PairedDifference, between
from histo_core.evaluation.auroc_estimate import auroc_estimate
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.swap_test import swap_test
from histo_core.evaluation.validation import Groups, check_groups, check_scores, check_truth


@dataclass(frozen=True)
class ModelPair:
    """A pair out of several models.

    Attributes:
        first, second: their indices among the models.
        difference: AUROC of the first minus that of the second; its interval is not corrected.
        p_corrected: its P value after Holm's correction for all tested pairs; None without a P value.
    """

    first: int
    second: int
    difference: PairedDifference
    p_corrected: float | None


def model_pairs(
    y_true: ArrayLike,
    scores: ArrayLike,
    groups: Groups = None,
    *,
    comparator: int | None = None,
    shown: int | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[ModelPair, ...]:
    """Compare several models by `auroc_difference`, and correct the P values for multiple testing.

    Without a comparator all pairs are tested. A statement on the best model needs this: the best was chosen on the same
    samples, so any pair could have been the reported one. With Holm's correction for only the m - 1 pairs of the best,
    20 equally good models are called different in 19 of 100 simulations (docs/statistics.md).

    Args:
        y_true: 0 or 1 [n]; 1 is the class of interest.
        scores: float [m, n], one row a model.
        groups: patient (else slide) ids [n]; None takes samples as independent.
        comparator: index of the model that all others are compared with, named beforehand; None tests all pairs.
        shown: index of the model whose pairs also get a swap test; None takes the comparator.
        confidence: of the intervals, 0 to 1.

    Returns:
        The pairs in the order of ``itertools.combinations``; with a comparator only its own pairs, in which it is
        first. Empty when a class is missing or there is one model.

    Raises:
        DataError: what `auroc_interval` raises, or a comparator that is no model.
    """
    positive = check_truth(y_true)
    table = check_scores(scores, len(positive))
    codes = check_groups(groups, len(positive))
    if comparator is not None and not 0 <= comparator < len(table):
        raise DataError(
            f"comparator = {comparator}.", f"0 to {len(table) - 1} are models.", "Name the place of one of them."
        )
    if positive.all() or not positive.any():
        return ()
    estimates = [auroc_estimate(positive, score, codes) for score in table]
    if comparator is None:
        places = list(combinations(range(len(table)), 2))
    else:
        places = [(comparator, other) for other in range(len(table)) if other != comparator]
    found = [between(estimates[i], estimates[j], None, confidence) for i, j in places]
    watched = comparator if shown is None else shown
    found = [
        replace(one, swap=swap_test(positive, table[i], table[j], codes))
        if watched in (i, j) and one.p_value is not None
        else one
        for (i, j), one in zip(places, found, strict=True)
    ]
    corrected = holm([one.p_value for one in found])
    return tuple(ModelPair(i, j, one, p) for (i, j), one, p in zip(places, found, corrected, strict=True))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return P values after Holm's correction (1979, Scand. J. Stat. 6:65); missing ones do not count as tests.

    The smallest of k is multiplied by k, the next by k - 1, and so on; none becomes smaller than the one before.
    statsmodels does the same, but collects garbage at each call, which blocks the whole server for 0.1 s.
    """
    known = np.array([p for p in p_values if p is not None], np.float64)
    order = np.argsort(known)
    stepped = np.maximum.accumulate(known[order] * np.arange(len(known), 0, -1))
    corrected = np.empty(len(known))
    corrected[order] = np.minimum(stepped, 1.0)
    values = iter(corrected.tolist())
    return [None if p is None else next(values) for p in p_values]
