"""Test whether two models are right equally often on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, chi2

from histo_core.errors import DataError
from histo_core.evaluation.swap_test import SwapTest, swap_groups
from histo_core.evaluation.validation import Groups, check_groups
from histo_core.evaluation.warnings import few_groups


@dataclass(frozen=True)
class CallsTest:
    """The result of `calls_test`.

    Attributes:
        first_only, other_only: how many samples only the first, and only the other model called rightly.
        difference: accuracy of the first model minus that of the other, -1 to 1.
        p_value: two-sided, of no difference; None where the models are right on the same samples, or where there is
            one group.
        method: how the P value was computed.
        swap: the exact test that gives the models' calls to each other within whole groups.
        warning: why the P value may be unreliable; empty when nothing is known against it.
    """

    first_only: int
    other_only: int
    difference: float
    p_value: float | None
    method: str
    swap: SwapTest
    warning: str = ""


def calls_test(first_right: ArrayLike, other_right: ArrayLike, groups: Groups = None) -> CallsTest:
    """Test whether two models have the same accuracy, on the same samples.

    Without groups it is McNemar's exact test of the samples on which one model alone is right. Patches of one patient
    are no independent samples; with groups it is the test for clustered pairs of Durkalski et al. 2003 (Stat. Med.
    22:2417): d_k is the share of group k's samples that only the first model calls rightly minus the share that only
    the other does, and (sum d_k)^2 / sum d_k^2 is compared with chi-square of one degree of freedom. Each group counts
    alike in it, whatever its size.

    Args:
        first_right, other_right: whether each model called each sample rightly, bool [n].
        groups: ids [n], such as patients; None where the samples are independent.

    Raises:
        DataError: no samples, or arrays of different lengths.

    Example:
        >>> first, other = [True] * 9 + [False], [True] * 4 + [False] * 5 + [True]
        >>> found = calls_test(first, other)
        >>> found.first_only, found.other_only, round(found.p_value, 3)
        (5, 1, 0.219)
    """
    first, other = (np.asarray(right, dtype=bool) for right in (first_right, other_right))
    if first.ndim != 1 or first.shape != other.shape or not len(first):
        raise DataError(
            f"Calls have the shapes {first.shape} and {other.shape}.",
            "One value a sample and model, for the same samples, is expected.",
            "Give two arrays of the same length.",
        )
    lead = first.astype(np.int64) - other
    codes = check_groups(groups, len(lead))
    only = int((lead > 0).sum()), int((lead < 0).sum())
    parts = lead.astype(np.float64) if codes is None else np.bincount(codes, weights=lead)
    if codes is None:
        p_value, method = _mcnemar(*only)
    else:
        p_value, method = _durkalski(parts / np.bincount(codes))
    warning = "" if codes is None else few_groups(len(parts))
    return CallsTest(*only, float(lead.mean()), p_value, method, swap_groups(parts), warning)


def _mcnemar(first_only: int, other_only: int) -> tuple[float | None, str]:
    discordant = first_only + other_only
    fewer = float(binom.cdf(min(first_only, other_only), discordant, 0.5))
    p_value = min(1.0, 2 * fewer) if discordant else None
    return p_value, f"McNemar's exact test of {discordant:,} samples"


def _durkalski(differences: np.ndarray) -> tuple[float | None, str]:
    method = f"Durkalski's test of {len(differences):,} groups"
    spread = float(differences @ differences)
    if len(differences) < 2 or not spread:
        return None, method
    return float(chi2.sf(differences.sum() ** 2 / spread, 1)), method
