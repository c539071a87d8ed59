"""Estimate how much a chosen threshold would vary with other patients to choose it on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from histo_core.errors import DataError
from histo_core.evaluation.intervals import CONFIDENCE
from histo_core.evaluation.validation import Groups, check_groups

DRAWS = 200
_SEED = 4_711
Choose = Callable[[np.ndarray], float]
"""Maps how often each sample counts, int64 [n], to a threshold."""


def threshold_range(
    choose: Choose, n: int, groups: Groups = None, *, confidence: float = CONFIDENCE, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the percentile range of the thresholds chosen on resampled patients (bootstrap; Efron 1979).

    Resamples on which the rule gives no threshold, such as one without a class, are left out.

    Args:
        choose: the rule, which raises `DataError` where it gives none.
        n: samples that the threshold was chosen on.
        groups: patient (else slide) ids [n], drawn whole; None draws samples.
        confidence: of the range, 0 to 1.
        draws: how many resamples.

    Returns:
        Lowest and highest, 0 to 1; NaN where more than half of the resamples give no threshold, or all are of one
        patient.

    Raises:
        DataError: group ids that do not fit.
    """
    codes = check_groups(groups, n)
    group = np.arange(n) if codes is None else codes
    n_groups = int(group.max()) + 1
    if n_groups < 2:
        return np.nan, np.nan
    rng = np.random.default_rng(_SEED)
    found: list[float] = []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, n_groups, n_groups), minlength=n_groups)[group]
        try:
            found.append(choose(times))
        except DataError:
            continue
    if 2 * len(found) < draws:
        return np.nan, np.nan
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
